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

  // The last that somebody asked for counts, and what was asked for before it is stale: figures that come by themselves
  // too, which never make stale what somebody asked for. Says whether the answer was this page.
  let turn = 0;
  let asked = 0;
  const load = async (address, change) => {
    const mine = ++turn;
    asked += 1;
    try {
      const answer = await fetch(address);
      const text = await answer.text();
      return mine !== turn || (answer.ok && replace(text, change ? answer.url : null));
    } finally {
      asked -= 1;
    }
  };
  const go = (address) => load(address, true).then((here) => here || location.assign(address), () => location.assign(address));

  // Another document takes the place of this one, under the same address.
  let stop = () => {};
  const show = (text) => {
    stop();
    const page = new DOMParser().parseFromString(text, "text/html");
    document.title = page.title;
    document.body.replaceWith(document.adoptNode(page.body));
    window.scrollTo(0, 0);
  };

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
    act.addEventListener("submit", async (event) => {
      event.preventDefault();
      const body = new URLSearchParams(new FormData(act, event.submitter));
      const mine = ++turn;
      asked += 1;
      try {
        const answer = await fetch(act.action, { method: "POST", body });
        const text = await answer.text();
        // What could not be done says why, on the page that came; it is not asked for again.
        if (!answer.ok) show(text);
        else if (mine === turn && !replace(text, answer.url)) location.assign(answer.url);
      } catch {
        // The service is gone, and whether it did so is not known: its page says what there is, or that it is gone.
        location.reload();
      } finally {
        asked -= 1;
      }
    });
  }

  // Stacks: looked up when they are opened.
  document.addEventListener("toggle", async (event) => {
    const node = event.target;
    if (!node.open || !node.dataset || !node.dataset.trace || node.dataset.loaded) return;
    node.dataset.loaded = "yes";
    let stack = null;
    try {
      const answer = await fetch(node.dataset.trace);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (answer.ok) stack = page.querySelector("[data-stack]");
    } catch { /* The link is still there. */ }
    if (stack) node.querySelector("a").replaceWith(document.adoptNode(stack));
    // Closed and opened, it is asked for again.
    else delete node.dataset.loaded;
  }, true);

  // News, while the page is seen and nobody is in the middle of something.
  const shown = region();
  const of = shown && shown.dataset.region;
  if (of === "sites" || of === "requests" || of === "site" || of === "backends") {
    let source = null;
    let wanted = true;
    let running = false;
    let later = null;
    const busy = () => asked > 0 || region().querySelector(":active") !== null || document.querySelector("select:focus") !== null;
    const refresh = async () => {
      clearTimeout(later);
      if (!source) return;
      if (running || busy()) {
        // Not now, and not never: no other news may come.
        later = setTimeout(refresh, 1000);
        return;
      }
      running = true;
      const now = new URL(location.href);
      now.searchParams.delete("done");
      const before = turn;
      try {
        const answer = await fetch(now.href);
        const text = await answer.text();
        if (before === turn && answer.ok) replace(text, null);
      } catch { /* The service is gone: the stream says so. */ }
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
        source = new EventSource(`${base}/live?of=${of === "requests" ? "requests" : "sites"}&since=${region().dataset.news}`);
        source.addEventListener("news", refresh);
        source.addEventListener("open", say);
        source.addEventListener("error", say);
      }
      say();
    };
    stop = () => { wanted = false; listen(); document.removeEventListener("visibilitychange", listen); };
    button.addEventListener("click", () => { wanted = !wanted; listen(); });
    document.addEventListener("visibilitychange", listen);
    document.querySelector(".switch").prepend(button);
    listen();
    window.addEventListener("pagehide", () => { if (source) source.close(); });
  }
})();
