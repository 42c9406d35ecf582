// What the browser computed of a page.
(() => {
  const body = document.querySelector(".markdown-body");
  const all = (selector) => (body ? [...body.querySelectorAll(selector)] : []);
  const isCode = (node) => node.parentElement.closest("pre, code") !== null;

  const right = body ? body.getBoundingClientRect().right : 0;
  const tooWide = all("*").filter((element) => {
    if (element.closest("pre")) return false;
    const scrolls = element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== "inline";
    return scrolls || element.getBoundingClientRect().right > right + 1;
  });

  const texts = [];
  if (body) {
    const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) if (!isCode(walker.currentNode)) texts.push(walker.currentNode.textContent);
  }
  const marks = /\*\*|`|\|\s*---|\]\(|\[!|^\s*- \[|^#+ |<\/?\w+>/m;

  return {
    first: body?.firstElementChild?.tagName ?? "",
    headings: all("h1, h2, h3").map((element) => element.innerText.trim()),
    width: document.documentElement.scrollWidth,
    height: Math.ceil(document.documentElement.getBoundingClientRect().height),
    too_wide: tooWide.map((element) => `${element.tagName}: ${element.innerText.slice(0, 80)}`),
    raw: texts.filter((text) => marks.test(text)),
    links: all("a").map((element) => element.getAttribute("href") ?? ""),
    images: all("img").length,
    alerts: all(".markdown-alert").map((element) => ({
      text: element.innerText.trim(),
      is_framed: parseFloat(getComputedStyle(element).borderLeftWidth) > 0,
    })),
    folds: all("details").map((element) => ({
      title: element.querySelector("summary")?.innerText.trim() ?? "",
      shows_more: [...element.children].some((child) => child.tagName !== "SUMMARY" && child.checkVisibility()),
    })),
    text: body?.innerText ?? "",
  };
})();
