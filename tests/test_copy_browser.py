"""What a reader copies from a page."""

import lecture
import pytest
from chromium import visit

pytestmark = pytest.mark.browser

COPY = """(selector) => {
  const range = document.createRange();
  range.selectNode(document.querySelector(selector));
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  const event = new ClipboardEvent("copy", {clipboardData: new DataTransfer(), cancelable: true});
  document.dispatchEvent(event);
  return [event.defaultPrevented, event.clipboardData.getData("text/plain")];
}"""


@pytest.mark.chapter(2)
def test_copied_text_has_its_formulas_as_tex(browser, built_book):
    page, complaints = visit(browser, (built_book / f"{lecture.chapter(2).page}.html").as_uri())
    paragraph = "article p:has(span.math)"
    tex = page.locator(f"{paragraph} >> nth=0").locator("span.math").first.get_attribute("data-tex")
    taken, text = page.evaluate(COPY, paragraph)
    assert taken
    assert rf"\({tex}\)" in text
    words = page.locator(f"{paragraph} >> nth=0").inner_text().split()[:3]
    assert text.split()[:3] == words
    taken, text = page.evaluate(COPY, "article div.math mjx-math")
    assert taken
    assert text.startswith(r"\[")
    taken, _ = page.evaluate(COPY, "article h2")
    assert not taken, "text without formulas is the browser's own business"
    assert not page.locator("body > div[style*='-99999px']").count()
    assert not complaints
    page.context.close()
