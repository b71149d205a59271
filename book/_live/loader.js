/* Calls the kernels that scripts/webassembly.py has compiled.

   const kernels = await otlecKernels.load(otlecCompiled);
   const [value] = kernels["solvers.hungarian._augment_all"](matrix(cost, n, n), phi, ...);

   Arrays go in and come back as typed arrays: Float64Array for float64, BigInt64Array for int64. An
   array of two axes or more is {data, shape}. The kernel works on copies; those that it writes to are
   copied back, so that the caller sees what it has changed. What it returns comes as a list.

   kernels.lasting(3, 4) is an array of float64 that lies where the kernels work, so that it is not
   copied; kernels.forget() ends the life of all of them. */
const otlecKernels = (() => {
  "use strict";
  const PAGE = 65536;
  const BASE = 2 * PAGE; // the stack grows down from here, the heap up
  const MOST = 64 * 1024 * 1024;
  const ARRAYS = {float64: Float64Array, int64: BigInt64Array};

  async function unpack(compiled) {
    const packed = Uint8Array.from(atob(compiled.packed), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).arrayBuffer();
  }

  async function load(compiled) {
    const memory = new WebAssembly.Memory({initial: 4});
    let floor = BASE, top = BASE;
    const bytes = () => new Uint8Array(memory.buffer);
    // An arena: each call starts with a heap that is empty but for the lasting arrays, so nothing is
    // ever freed, and nothing leaks.
    function allocate(size) {
      const at = (top + 31) & ~31;
      top = at + size;
      if (top > MOST)
        throw new RangeError("This problem is too large for a page: copy it as Python, and solve it there.");
      const missing = top - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
      return at;
    }
    const env = {
      __linear_memory: memory,
      __stack_pointer: new WebAssembly.Global({value: "i32", mutable: true}, BASE),
      __indirect_function_table: new WebAssembly.Table({initial: 64, element: "anyfunc"}),
      pow: Math.pow,
      exp: Math.exp,
      log: Math.log,
      memset: (at, value, size) => (bytes().fill(value, at, at + Number(size)), at),
      memcpy: (to, from, size) => (bytes().copyWithin(to, from, from + Number(size)), to),
      memmove: (to, from, size) => (bytes().copyWithin(to, from, from + Number(size)), to),
      // the product of two numbers of 128 bits, by which numba guards the size of an array
      __multi3(at, a, high, b, high2) {
        const join = (low, top) => BigInt.asUintN(64, low) + (top << 64n);
        const product = join(a, high) * join(b, high2);
        new BigInt64Array(memory.buffer, at, 2).set([BigInt.asIntN(64, product), BigInt.asIntN(64, product >> 64n)]);
      },
      // numba's record of an array: its reference count (8 bytes), two pointers, the data
      NRT_MemInfo_alloc_aligned(size) {
        const record = allocate(32), data = allocate(Number(size));
        new Int32Array(memory.buffer, record, 6).set([1, 0, 0, 0, data, 0]);
        return record;
      },
    };
    const {instance} = await WebAssembly.instantiate(await unpack(compiled), {env});

    // numba's array: record, parent, items, bytes an item, data, then shape and strides
    const read = (name) => {
      const axes = /^\d/.test(name) ? +name[0] : 0;
      return {name, axes, Kind: ARRAYS[name.replace(/^\d/, "")], size: axes ? 32 + 16 * axes : 8};
    };

    const product = (shape) => shape.reduce((a, b) => a * b, 1);
    function record(at, shape) {
      const d = shape.length, words = [0, 0, 0n, 8n, at];
      let stride = 8;
      for (let k = 0; k < d; k++) words.push(BigInt(shape[k]));
      for (let k = d - 1; k >= 0; k--) {
        words[5 + d + k] = BigInt(stride);
        stride *= shape[k];
      }
      words[2] = BigInt(stride / 8);
      return words;
    }

    function flatten(value, {Kind, axes, name: type}, name) {
      const {data, shape} = ArrayBuffer.isView(value) ? {data: value, shape: [value.length]} : value;
      if (!(data instanceof Kind) || shape.length !== axes || data.length !== product(shape))
        throw new TypeError(`${name} takes an array ${type}, not ${data?.constructor?.name} of shape ${shape}`);
      if (value.words) return value;
      const at = allocate(data.byteLength);
      new Kind(memory.buffer, at, data.length).set(data);
      return {data, at, words: record(at, shape)};
    }

    function lasting(...shape) {
      top = floor;
      const at = allocate(8 * product(shape));
      floor = top;
      let view;
      return {
        shape, words: record(at, shape),
        get data() { // where the memory has grown, the view of it that was is empty
          if (view?.buffer !== memory.buffer) view = new Float64Array(memory.buffer, at, product(shape));
          return view;
        },
      };
    }

    const number = (at, {Kind}) => Number(new Kind(memory.buffer, at, 1)[0]);

    function place(at, d) { // where an array that is returned lies
      const shape = [...new BigInt64Array(memory.buffer, at + 32, d)].map(Number);
      return {from: new Int32Array(memory.buffer, at + 24, 1)[0], shape};
    }

    function unflatten(at, type) {
      if (!type.axes) return number(at, type);
      const {from, shape} = place(at, type.axes);
      const data = new type.Kind(memory.buffer, from, product(shape)).slice();
      return type.axes === 1 ? data : {data, shape};
    }

    function wrap(name, types, give = unflatten) {
      const [returned, taken] = types.slice(0, 2).map((group) => group.map(read)), written = types[2];
      const room = returned.reduce((sum, {size}) => sum + size, 0);
      return (...values) => {
        if (values.length !== taken.length)
          throw new TypeError(`${name} takes ${taken.length} arguments, not ${values.length}`);
        top = floor;
        const out = allocate(room + 8), raised = allocate(8), lent = [], words = [out, raised];
        taken.forEach((type, k) => {
          const value = values[k];
          if (!type.Kind) return words.push(Number(value)); // a truth value; nothing, as an address
          if (!type.axes) return words.push(type.Kind === BigInt64Array ? BigInt(value) : value);
          const array = flatten(value, type, name);
          if (array !== value && written.includes(k)) lent.push(array);
          words.push(...array.words);
        });
        const status = instance.exports[name](...words);
        if (status !== 0 && status !== -2) throw new Error(`${name} raised an exception (status ${status})`);
        for (const {data, at} of lent) data.set(new data.constructor(memory.buffer, at, data.length));
        let at = out;
        return returned.map((type) => [give(at, type), (at += type.size)][0]);
      };
    }

    // For a caller with a memory of its own, as Python: `heap()` is that. Of an array it gives the address there, and
    // the shape. What is returned it finds as numbers at `out`: of an array the address here, from which `copy` brings
    // it, and the shape.
    function lend(heap) {
      const lent = {copy: (from, to, size) => new Uint8Array(heap(), to, size).set(bytes().subarray(from, from + size))};
      const give = (at, type) => {
        if (!type.axes) return number(at, type);
        const {from, shape} = place(at, type.axes);
        return [from, ...shape];
      };
      for (const [name, types] of Object.entries(compiled.types)) {
        const call = wrap(name, types, give), taken = types[1].map(read);
        lent[name] = (out, ...numbers) => {
          let k = 0;
          const returned = call(...taken.map(({Kind, axes}) => {
            const value = numbers[k++];
            if (!axes) return value;
            const shape = numbers.slice(k, k += axes);
            return {data: new Kind(heap(), value, product(shape)), shape};
          })).flat();
          new Float64Array(heap(), out, returned.length).set(returned);
        };
      }
      return lent;
    }

    const kernels = {memory, lasting, lend, forget: () => { floor = BASE; }};
    for (const [name, types] of Object.entries(compiled.types)) kernels[name] = wrap(name, types);
    return kernels;
  }
  return {load};
})();
