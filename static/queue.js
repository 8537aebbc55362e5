// The queue: a row that is dragged by its grip opens the form for its new place; Esc lets it go where it was.
(() => {
  "use strict";
  const queue = document.querySelector("[data-queue]");
  if (!queue) return;
  const says = document.getElementById("queue-says");
  const rowsOfQueue = () => [...queue.querySelectorAll("[data-place]")];
  let drag = null;

  function startDrag(event) {
    const row = event.target.closest("[data-grip]")?.closest("[data-place]");
    if (!row || event.button) return;
    event.preventDefault();
    const others = rowsOfQueue().filter((other) => other !== row);
    drag = { row, others, from: rowsOfQueue().indexOf(row), to: rowsOfQueue().indexOf(row), startY: event.clientY };
    row.setPointerCapture(event.pointerId);
    row.classList.add("dragged");
  }

  const middle = (row) => row.getBoundingClientRect().top + row.offsetHeight / 2;

  function moveDrag(event) {
    if (!drag) return;
    drag.row.style.translate = `0 ${event.clientY - drag.startY}px`;
    const to = drag.others.filter((other) => middle(other) < event.clientY).length;
    if (to === drag.to) return;
    drag.to = to;
    for (const [place, other] of drag.others.entries()) {
      other.classList.toggle("drop-behind", place === to - 1);
      other.classList.toggle("drop-before", place === 0 && to === 0);
    }
    says.textContent = queue.dataset.drags.replace("NUMBER", to + 1);
  }

  function endDrag(event) {
    if (!drag) return;
    const { row, others, from, to } = drag;
    drag = null;
    row.removeAttribute("style");
    row.classList.remove("dragged");
    for (const other of others) other.classList.remove("drop-behind", "drop-before");
    if (event.type !== "pointerup" || to === from) return;
    const after = to ? others[to - 1].dataset.number : "top";
    // Opened afterwards: a dialog that opens while the pointer goes up is dismissed by that very pointer.
    htmx.ajax("GET", `${row.dataset.place}?after=${after}`, "#move-body").then(() => document.getElementById("move").showModal());
  }

  for (const grip of queue.querySelectorAll("[data-grip]")) grip.hidden = false;
  queue.addEventListener("pointerdown", startDrag);
  queue.addEventListener("pointermove", moveDrag);
  for (const end of ["pointerup", "pointercancel"]) queue.addEventListener(end, endDrag);
  document.addEventListener("keydown", (event) => event.key === "Escape" && endDrag(event));
})();
