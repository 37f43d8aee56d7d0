"use strict";
for (const table of document.querySelectorAll("table[data-sort]")) {
  const body = table.tBodies[0];
  const value = (row, at) => {
    const cell = row.cells[at];
    return cell.dataset.n === undefined ? cell.textContent.trim() : Number(cell.dataset.n);
  };
  const compare = (a, b) => {
    if (typeof a === typeof b) return typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true });
    return typeof a === "number" ? -1 : 1;
  };
  for (const head of table.tHead ? table.tHead.rows[0].cells : []) {
    if (!head.textContent.trim()) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const at = head.cellIndex;
      const rows = [...body.rows].sort((a, b) => (up ? 1 : -1) * compare(value(a, at), value(b, at)));
      body.append(...rows);
    });
  }
}
for (const table of document.querySelectorAll("table[data-filter]")) {
  const label = document.createElement("label");
  label.className = "filter";
  const input = document.createElement("input");
  input.type = "search";
  label.append("Rows that have ", input);
  table.parentElement.before(label);
  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase();
    for (const row of table.tBodies[0].rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
}
const still = matchMedia("(prefers-reduced-motion: reduce)");
const made = (tag, text, parent) => {
  const element = document.createElement(tag);
  element.textContent = text;
  parent.append(element);
  return element;
};
const clock = (seconds) => {
  const minutes = Math.round(seconds / 60);
  const parts = [[Math.floor(minutes / 1440), "d"], [Math.floor(minutes / 60) % 24, "h"], [minutes % 60, "min"]];
  return parts.filter(([count, unit]) => count || (unit === "min" && !minutes)).map((part) => part.join(" ")).join(" ");
};
const ranges = ["below 10 %", "10 to 30 %", "30 to 60 %", "60 to 90 %", "90 % or more"];
const play = (player) => {
  const played = JSON.parse(player.dataset.playback);
  const drawn = [...document.querySelectorAll("#map figure")].map((figure) => figure.querySelector("svg.map"));
  const frames = Math.max(...played.variants.flatMap((one) => Object.values(one.use).map((use) => use.length)));
  const bar = made("div", "", player);
  bar.className = "bar";
  const button = made("button", "Play", bar);
  button.type = "button";
  const label = made("label", "Time ", bar);
  const slider = made("input", "", label);
  Object.assign(slider, { type: "range", min: 0, max: frames - 1, value: 0 });
  const said = made("output", "", player);
  const maps = made("div", "", player);
  maps.className = "maps";
  const lanes = played.variants.map((one, at) => {
    const map = made("div", "", maps);
    map.tabIndex = 0;
    map.setAttribute("role", "region");
    map.setAttribute("aria-label", `Map over time: ${one.name}`);
    made("p", one.name, map).className = "name";
    const copy = drawn[at].cloneNode(true);
    map.append(copy);
    return [...copy.querySelectorAll("[data-link]")].map((line) => [line, one.use[line.dataset.link] || ""]);
  });
  const draw = () => {
    const at = Number(slider.value);
    const from = at * played.frame_s;
    const fullest = lanes.map((lines, which) => {
      let most = "-";
      let names = new Set();
      for (const [line, use] of lines) {
        const step = use[at] || "-";
        line.setAttribute("class", step === "-" ? "u u0 none" : `u u${step}`);
        if (step !== "-" && step > most) names = new Set();
        if (step !== "-" && step >= most) names.add(line.dataset.link);
        if (step !== "-" && step > most) most = step;
      }
      const [first] = names;
      const more = names.size > 1 ? ` and ${names.size - 1} more` : "";
      return `${played.variants[which].name}: ${first ? `${first}${more} used ${ranges[most]}` : "nothing moves"}`;
    });
    const holds = played.faults
      .filter(([, begins, ends]) => begins < from + played.frame_s && (ends === null || ends > from))
      .map(([name]) => name);
    const faults = holds.length ? `; fault: ${[...new Set(holds)].join(", ")}` : "";
    slider.setAttribute("aria-valuetext", clock(from));
    said.textContent = `${clock(from)} to ${clock(from + played.frame_s)}${faults}. ${fullest.join(". ")}.`;
  };
  let timer = 0;
  const pause = () => {
    clearInterval(timer);
    timer = 0;
    button.textContent = "Play";
    said.setAttribute("aria-live", "polite");
  };
  const next = () => {
    if (Number(slider.value) >= frames - 1 || still.matches) return pause();
    slider.value = Number(slider.value) + 1;
    draw();
  };
  button.addEventListener("click", () => {
    if (timer) return pause();
    if (Number(slider.value) >= frames - 1) slider.value = 0;
    button.textContent = "Pause";
    said.setAttribute("aria-live", "off");
    draw();
    timer = setInterval(next, 150);
  });
  slider.addEventListener("input", () => {
    pause();
    draw();
  });
  const quiet = () => {
    pause();
    button.hidden = still.matches;
  };
  still.addEventListener("change", quiet);
  quiet();
  draw();
  (still.matches ? slider : button).focus();
};
for (const player of document.querySelectorAll("[data-playback]")) {
  const opener = made("button", "Play the run back on the maps", player);
  opener.type = "button";
  opener.addEventListener("click", () => {
    opener.remove();
    play(player);
  });
}
