// Live figures, and sorting and filtering without a reload. Every page reads and acts without this file.
"use strict";

(() => {
  const base = document.body.dataset.base;
  const region = () => document.querySelector("[data-region]");

  // Where a new region takes the place of the old one: what was open stays open, what had the focus keeps it.
  const replace = (text, address) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    const fresh = page.querySelector("[data-region]");
    const old = region();
    if (!fresh || !old || fresh.dataset.region !== old.dataset.region) return false;
    const kept = new Map();
    for (const node of old.querySelectorAll("details[data-keep][open]")) kept.set(node.dataset.keep, node);
    for (const node of fresh.querySelectorAll("details[data-keep]")) {
      const open = kept.get(node.dataset.keep);
      if (open) node.replaceWith(open);
    }
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const keep = focused && (focused.dataset.keep || focused.id || focused.textContent);
    old.replaceWith(document.adoptNode(fresh));
    if (focused && !document.contains(focused)) {
      for (const node of fresh.querySelectorAll("a, button, summary")) {
        if ((node.dataset.keep || node.id || node.textContent) === keep) {
          node.focus({ preventScroll: true });
          break;
        }
      }
    }
    if (address) {
      history.replaceState(null, "", address);
      const back = document.querySelector("#act input[name=back]");
      if (back) {
        const query = new URL(address, location.href).searchParams;
        query.delete("done");
        back.value = query.toString();
      }
    }
    return true;
  };

  // The last that was asked for counts. Says whether the answer was this page.
  let turn = 0;
  const load = async (address, options, change) => {
    const mine = ++turn;
    const answer = await fetch(address, options);
    const text = await answer.text();
    return mine !== turn || (answer.ok && replace(text, change ? answer.url : null));
  };
  const go = (address) => load(address, {}, true).then((here) => here || location.assign(address), () => location.assign(address));

  // Sorting and paging: the links of the table.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.sort, .pages a");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    go(link.href);
    for (const name of ["sort", "dir"]) {
      const field = document.querySelector(`[data-filter] input[name=${name}]`);
      if (field) field.value = new URL(link.href).searchParams.get(name) || "";
    }
  });

  // Filtering, while it is typed.
  const form = document.querySelector("[data-filter]");
  if (form) {
    const filter = () => {
      const query = new URLSearchParams();
      for (const [name, value] of new FormData(form)) if (value) query.append(name, value);
      go(`${form.action}?${query}`);
    };
    let wait;
    form.addEventListener("input", () => {
      clearTimeout(wait);
      wait = setTimeout(filter, 120);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      clearTimeout(wait);
      filter();
    });
  }

  // The buttons of the table of sites: the answer is the same page, with what was done.
  const act = document.getElementById("act");
  if (act) {
    let plain = false;
    act.addEventListener("submit", async (event) => {
      if (plain) return;
      event.preventDefault();
      const button = event.submitter;
      const body = new URLSearchParams(new FormData(act, button));
      if (await load(act.action, { method: "POST", body }, true).catch(() => false)) return;
      // What could not be done says why on a page of its own.
      plain = true;
      act.requestSubmit(button.isConnected ? button : null);
    });
  }

  // Stacks: looked up when they are opened.
  document.addEventListener("toggle", async (event) => {
    const node = event.target;
    if (!node.open || !node.dataset || !node.dataset.trace || node.dataset.loaded) return;
    node.dataset.loaded = "yes";
    const answer = await fetch(node.dataset.trace);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const stack = page.querySelector("[data-stack]");
    if (stack) node.querySelector("a").replaceWith(document.adoptNode(stack));
  }, true);

  // News, while the page is seen and nobody is in the middle of something.
  const shown = region();
  const of = shown && shown.dataset.region;
  if (of === "sites" || of === "requests" || of === "site" || of === "backends") {
    let source = null;
    let wanted = true;
    let running = false;
    const busy = () => region().querySelector(":active") !== null || document.querySelector("select:focus") !== null;
    const refresh = async () => {
      if (running || busy()) return;
      running = true;
      const now = new URL(location.href);
      now.searchParams.delete("done");
      try { await load(now.href, {}, false); } catch { /* The service is gone: the stream says so. */ }
      running = false;
    };
    const button = document.createElement("button");
    button.type = "button";
    button.className = "live";
    const say = () => {
      button.setAttribute("aria-pressed", String(wanted));
      button.textContent = !wanted ? "Live: off" : source && source.readyState === EventSource.OPEN ? "Live: on" : "Live: waiting";
    };
    const listen = () => {
      if (source) source.close();
      source = null;
      if (wanted && !document.hidden) {
        source = new EventSource(`${base}/live?of=${of === "requests" ? "requests" : "sites"}`);
        source.addEventListener("news", refresh);
        source.addEventListener("open", say);
        source.addEventListener("error", say);
      }
      say();
    };
    button.addEventListener("click", () => { wanted = !wanted; listen(); });
    document.addEventListener("visibilitychange", listen);
    document.querySelector(".switch").prepend(button);
    listen();
    window.addEventListener("pagehide", () => { if (source) source.close(); });
  }
})();
