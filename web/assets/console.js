// The pages refresh themselves through htmx. This rests while nobody looks, and says when the console is gone.
"use strict";

const stale = document.getElementById("stale");

document.addEventListener("htmx:before:request", (event) => {
  if (document.hidden) event.preventDefault();
});
document.addEventListener("htmx:after:request", () => {
  stale.hidden = true;
});
document.addEventListener("htmx:error", () => {
  stale.hidden = false;
});
