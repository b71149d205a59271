/* Calls the kernels that scripts/webkernels.py has compiled.

   const kernels = await otlecKernels.load(otlecCompiled);
   const [value] = kernels["hungarian._augment_all"](matrix(cost, n, n), phi, ...);

   Arrays go in and come back as typed arrays: Float64Array for float64, BigInt64Array for int64. An
   array of two axes or more is {data, shape}. The kernel works on copies; those that it writes to are
   copied back, so that the caller sees what it has changed. What it returns comes as a list. */
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
    let top = BASE;
    const bytes = () => new Uint8Array(memory.buffer);
    // An arena: each call starts with an empty heap, so nothing is ever freed, and nothing leaks.
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

    const axes = (type) => (/^\d/.test(type) ? +type[0] : 0);
    const kind = (type) => ARRAYS[type.replace(/^\d/, "")];
    // numba's array: record, parent, items, bytes an item, data, then shape and strides
    const size = (type) => (axes(type) ? 32 + 16 * axes(type) : 8);

    function flatten(value, type, name) {
      const {data, shape} = ArrayBuffer.isView(value) ? {data: value, shape: [value.length]} : value;
      if (!(data instanceof kind(type)) || shape.length !== axes(type) || data.length !== shape.reduce((a, b) => a * b, 1))
        throw new TypeError(`${name} takes an array ${type}, not ${data?.constructor?.name} of shape ${shape}`);
      const at = allocate(data.byteLength);
      new data.constructor(memory.buffer, at, data.length).set(data);
      let stride = 8;
      const strides = [...shape].reverse().map((n) => [stride, (stride *= n)][0]).reverse();
      return {data, at, words: [0, 0, BigInt(data.length), 8n, at, ...shape.map(BigInt), ...strides.map(BigInt)]};
    }

    function unflatten(at, type) {
      const Kind = kind(type), d = axes(type);
      if (!d) {
        const value = new Kind(memory.buffer, at, 1)[0];
        return typeof value === "bigint" ? Number(value) : value;
      }
      const words = new BigInt64Array(memory.buffer, at, 4 + 2 * d);
      const from = new Int32Array(memory.buffer, at + 24, 1)[0];
      const shape = [...words.subarray(4, 4 + d)].map(Number);
      const data = new Kind(memory.buffer, from, Number(words[1])).slice();
      return d === 1 ? data : {data, shape};
    }

    function wrap(name, [returned, taken, written]) {
      const room = returned.map(size).reduce((a, b) => a + b, 0);
      return (...values) => {
        if (values.length !== taken.length)
          throw new TypeError(`${name} takes ${taken.length} arguments, not ${values.length}`);
        top = BASE;
        const out = allocate(room + 8), raised = allocate(8), lent = [];
        const words = values.flatMap((value, k) => {
          if (!axes(taken[k])) return kind(taken[k]) === BigInt64Array ? BigInt(value) : value;
          const array = flatten(value, taken[k], name);
          if (written.includes(k)) lent.push(array);
          return array.words;
        });
        const status = instance.exports[name](out, raised, ...words);
        if (status !== 0 && status !== -2) throw new Error(`${name} raised an exception (status ${status})`);
        for (const {data, at} of lent) data.set(new data.constructor(memory.buffer, at, data.length));
        let at = out;
        return returned.map((type) => [unflatten(at, type), (at += size(type))][0]);
      };
    }

    const kernels = {memory};
    for (const [name, types] of Object.entries(compiled.types)) kernels[name] = wrap(name, types);
    return kernels;
  }
  return {load};
})();
