// What is laid out wrongly, in words: beyond the window, cut off, out of its box, one over another.
const faults = [];
const name = e => {
  const classes = e.getAttribute("class")?.trim().split(/\s+/).join(".");
  return `${e.tagName.toLowerCase()}${e.id ? "#" + e.id : ""}${classes ? "." + classes : ""} “${e.textContent.trim().slice(0, 40)}”`;
};
const shown = e => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0;
// For screen readers alone.
const unseen = e => {
  for (let above = e; above; above = above.parentElement) if (getComputedStyle(above).clipPath !== "none") return true;
  return false;
};
const scrolled = e => {
  for (let above = e.parentElement; above; above = above.parentElement)
    if (["auto", "scroll"].includes(getComputedStyle(above).overflowX)) return true;
  return false;
};
const crossing = (a, b) => {
  const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return across > 2 && down > 2;
};
const pairs = (list, what) => {
  const boxes = list.map(e => [e, e.getBoundingClientRect()]);
  boxes.forEach(([a, at], i) => boxes.slice(i + 1).forEach(([b, bt]) => {
    if (crossing(at, bt)) faults.push(`${what}: ${name(a)} and ${name(b)}`);
  }));
};

const root = document.documentElement;
if (root.scrollWidth > innerWidth) faults.push(`the page scrolls sideways: ${root.scrollWidth} px in ${innerWidth}`);
for (const e of document.querySelectorAll("body *")) {
  if (!shown(e) || e.closest("svg, .skip") || unseen(e)) continue;
  const box = e.getBoundingClientRect();
  const style = getComputedStyle(e);
  if ((box.left < -1 || box.right > innerWidth + 1) && !scrolled(e)) faults.push(`beyond the window: ${name(e)}`);
  const spills = e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1 && style.display !== "inline";
  if (spills && ["hidden", "clip"].includes(style.overflowX)) faults.push(`cut off: ${name(e)}`);
  // The drawing is broader than what is read, on purpose.
  if (spills && style.overflowX === "visible" && !e.querySelector(".drawing, .cards thead")) faults.push(`out of its box: ${name(e)}`);
  const flow = [...e.children].filter(child => {
    const { display, float, position } = getComputedStyle(child);
    const flows = !display.startsWith("inline") && float === "none" && ["static", "relative"].includes(position);
    return flows && shown(child) && !unseen(child) && !child.matches("svg");
  });
  pairs(flow, "one over another");
}
for (const svg of document.querySelectorAll("svg")) {
  if (!shown(svg)) continue;
  const frame = svg.getBoundingClientRect();
  const within = (box, frame) =>
    box.left >= frame.left - 1 && box.right <= frame.right + 1 && box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1;
  const texts = [...svg.querySelectorAll("text")].filter(text => text.textContent.trim());
  for (const text of texts)
    if (!within(text.getBoundingClientRect(), frame)) faults.push(`out of the picture: ${name(text)}`);
  const boxes = [...svg.querySelectorAll(".node rect")];
  // A pipeline's processors are boxes within its box.
  pairs(boxes.filter(box => !box.closest(".row")), "one over another");
  for (const box of boxes)
    for (const text of box.closest(".node").querySelectorAll(":not(.mark, .sign) > text"))
      if (!within(text.getBoundingClientRect(), box.getBoundingClientRect())) faults.push(`out of its box: ${name(text)}`);
  pairs(texts.filter(text => !text.closest(".mark, .sign")), "one text over another");
}
return faults;
