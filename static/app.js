// Progressive enhancement only: every action also works as a plain link or form. No eval, no inline handlers (CSP).
(() => {
  "use strict";
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const YEAR_SECONDS = 365 * 24 * 3600;
  const LEAD_MS = 900; // how long the letter after G is waited for
  const POLL_FAST_MS = 125;
  const POLL_FAST_FOR_MS = 5000;
  const TOAST_MS = 6000;

  // ---- toasts and refusals ----
  function toast(text, { stays = false } = {}) {
    const line = document.createElement("p");
    line.textContent = text;
    if (stays) line.setAttribute("role", "alert");
    byId("toasts").append(line);
    setTimeout(() => line.remove(), stays ? 3 * TOAST_MS : TOAST_MS);
  }

  // A refusal (403, 409) arrives as a page; its reason is the lede.
  function reasonIn(html) {
    const page = new DOMParser().parseFromString(html, "text/html");
    return (page.querySelector(".lede") || page.querySelector("h1") || page.body).textContent.trim();
  }

  document.addEventListener("toast", (event) => toast(event.detail.value));
  document.addEventListener("htmx:responseError", (event) => toast(reasonIn(event.detail.xhr.responseText), { stays: true }));

  // ---- dialogs and menus ----
  function openDialog(id) {
    const dialog = byId(id);
    if (!(dialog instanceof HTMLDialogElement)) return false;
    if (!dialog.open) dialog.showModal();
    return true;
  }

  const invokers = "commandForElement" in HTMLButtonElement.prototype;

  function onClick(event) {
    const link = event.target.closest("a[data-dialog]");
    if (link && !event.metaKey && !event.ctrlKey && openDialog(link.dataset.dialog)) event.preventDefault();
    const close = event.target.closest("[data-close]");
    if (close?.closest("dialog")) {
      event.preventDefault();
      close.closest("dialog").close();
    }
    const button = event.target.closest("button");
    if (button?.dataset.open && !invokers) openDialog(button.dataset.open);
    if (button?.hasAttribute("data-theme-toggle")) {
      event.preventDefault();
      toggleTheme();
    }
    if (button?.dataset.copy) copy(button);
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  }

  // Browsers without closedby: a click on the backdrop hits the dialog itself.
  function onBackdrop(event) {
    if (event.target instanceof HTMLDialogElement && !("closedBy" in event.target)) event.target.close();
  }

  function onEscape(event) {
    const menu = document.querySelector("details.menu[open]");
    if (event.key !== "Escape" || !menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  }

  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onEscape);
  document.addEventListener("click", onBackdrop);

  // ---- theme: the server reads the cookie, so the next page is right from its first byte ----
  function toggleTheme() {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    document.cookie = `theme=${root.dataset.theme}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
  }

  // ---- copy ----
  async function copy(button) {
    await navigator.clipboard.writeText(button.dataset.copy);
    toast(button.dataset.said);
  }

  function showCopyButtons(within) {
    if (!navigator.clipboard) return;
    for (const button of within.querySelectorAll("button[data-copy][hidden]")) button.hidden = false;
  }

  // ---- keys: slash finds, G and a letter goes, J and K walk a list marked data-keys, [data-key] is pressed ----
  let leadAt = 0;
  const typing = (target) => target.matches("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");
  const wanted = (selector, key) =>
    [...document.querySelectorAll(selector)].find((element) => element.dataset.key === key && element.offsetParent);

  function onKey(event) {
    const command = event.metaKey || event.ctrlKey;
    if (command && event.key === "k" && openDialog("palette")) return event.preventDefault();
    if (command || typing(event.target) || root.dataset.keys === "off") return;
    if (document.querySelector("dialog[open]")) return;
    if (event.altKey) return step(event);
    const key = event.key.toLowerCase();
    if (Date.now() - leadAt < LEAD_MS) {
      leadAt = 0;
      const place = [...document.querySelectorAll("nav a[data-key]")].find((link) => link.dataset.key === key);
      if (place) return place.click();
    }
    if (key === "g") leadAt = Date.now();
    else if (key === "/" && openDialog("palette")) event.preventDefault();
    else if (key === "j" || key === "k") walk(key === "j" ? 1 : -1);
    else press(key, event);
  }

  function press(key, event) {
    const target = wanted("main [data-key]", key);
    if (!target) return;
    event.preventDefault();
    if (target.matches("input, select, textarea")) target.focus();
    else target.click();
  }

  // The rows of the list take the focus in turn: what is marked data-row, else the first link or button of each entry.
  function rowsOf(list) {
    const marked = [...list.querySelectorAll("[data-row]")];
    return marked.length ? marked : [...list.children].map((entry) => entry.querySelector("a[href], button")).filter(Boolean);
  }

  function walk(step) {
    const rows = [...document.querySelectorAll("main [data-keys]")].flatMap(rowsOf).filter((row) => row.offsetParent);
    if (!rows.length) return;
    const current = rows.findIndex((row) => row === document.activeElement || row.getAttribute("aria-current"));
    const next = rows[Math.min(Math.max(current + step, 0), rows.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  // Alt with an arrow is the same as the arrow of the row that has the focus: it opens the form for the new place.
  function step(event) {
    const way = { ArrowUp: "up", ArrowDown: "down" }[event.key];
    const row = way && document.activeElement.closest("[data-queue] > [data-place]");
    if (!row) return;
    event.preventDefault();
    row.querySelector(`[data-step=${way}]`)?.click();
  }

  document.addEventListener("keydown", onKey);

  // ---- the palette: arrows walk its results ----
  byId("palette")?.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const stops = [byId("palette-q"), ...byId("palette").querySelectorAll("#palette-results a")];
    const at = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    stops[(at + stops.length) % stops.length].focus();
  });

  // ---- after a swap: focus goes to the error summary; new copy buttons are shown ----
  document.addEventListener("htmx:afterSettle", (event) => {
    (event.detail.elt.closest?.("form, dialog") ?? event.detail.elt).querySelector?.(".errbox")?.focus();
    showCopyButtons(event.detail.elt);
    followLog();
  });

  // ---- live logs: the cursor asks every 2 s by itself; here it asks faster while the page is young ----
  const openedAt = Date.now();
  const cursors = () => document.querySelectorAll("[data-poll]");

  function pollFast() {
    if (!cursors().length || Date.now() - openedAt > POLL_FAST_FOR_MS) return clearInterval(fast);
    for (const cursor of cursors()) htmx.trigger(cursor, "poll");
  }

  const fast = setInterval(pollFast, POLL_FAST_MS);
  document.addEventListener("htmx:load", pollFast, { once: true }); // the first time as soon as htmx listens

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.detail.elt.hasAttribute("data-poll")) event.preventDefault();
  });

  // A reader who scrolled up stays there; one at the end follows.
  function followLog() {
    for (const lines of document.querySelectorAll(".lines")) {
      if (lines.scrollHeight - lines.scrollTop - lines.clientHeight < 120) lines.scrollTop = lines.scrollHeight;
    }
  }

  // ---- a review's timer: the server says how many seconds were left when it sent the page ----
  const clocks = new WeakMap();

  function tickTimers() {
    for (const clock of document.querySelectorAll("[data-seconds]")) {
      if (!clocks.has(clock)) clocks.set(clock, Date.now() + 1000 * Number(clock.dataset.seconds));
      const left = Math.max(0, Math.round((clocks.get(clock) - Date.now()) / 1000));
      clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      clock.closest(".timer")?.classList.toggle("over", left === 0);
    }
  }

  setInterval(tickTimers, 1000);

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  document.querySelector("main .errbox")?.focus();
  showCopyButtons(document);
})();
