// The pages go on by their event streams, through htmx. This says when the console is gone.
"use strict";

const stale = document.getElementById("stale");
const now = document.getElementById("asof-now");
const since = document.getElementById("asof-since");
// Two beats may be lost.
const SILENCE = 30000;
let heard = Date.now();

function live(yes) {
  stale.hidden = yes;
  document.getElementById("asof")?.classList.toggle("on", yes);
}

document.addEventListener("htmx:after:request", () => live(true));
document.addEventListener("htmx:error", () => live(false));
document.addEventListener("htmx:sse:error", () => live(false));
document.addEventListener("htmx:sse:after:connection", (event) => {
  if (event.detail.connection.status === 200) live(true);
});
document.addEventListener("htmx:sse:before:message", () => {
  heard = Date.now();
});
document.addEventListener("beat", (event) => {
  const [at, changed] = event.detail.data.split("|");
  now.textContent = "Live, as of " + at;
  since.textContent = changed;
  live(true);
});
if (now) {
  // A connection can die without a word.
  setInterval(() => {
    if (!document.hidden && Date.now() - heard > SILENCE) live(false);
  }, 5000);
  document.addEventListener("visibilitychange", () => {
    heard = Date.now();
  });
}

// Commands to copy: by a click or the Enter key.
function copy(event) {
  const command = event.target.closest?.(".command");
  if (!command || (event.type === "keydown" && event.key !== "Enter")) return;
  navigator.clipboard?.writeText(command.textContent).then(() => {
    command.classList.add("copied");
    setTimeout(() => command.classList.remove("copied"), 1500);
  });
}
document.addEventListener("click", copy);
document.addEventListener("keydown", copy);
