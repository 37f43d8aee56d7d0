const data = JSON.parse(byId("data").textContent);

/* Where a place lies on one axis: two levels by their numbers, and the share of the way between them. */
function cellOf(levels, place) {
  const high = levels.findIndex((level) => level >= place);
  const low = levels[high] === place ? high : high - 1;
  return [low, high, low === high ? 0 : (place - levels[low]) / (levels[high] - levels[low])];
}

/* What lies there, evenly between its neighbours along each axis; null where deploys fail. */
function between(found, cells) {
  if (!Array.isArray(found)) return found;
  const [[low, high, share], ...rest] = cells;
  const one = between(found[low], rest);
  const other = share === 0 ? one : between(found[high], rest);
  return one === null || other === null ? null : one + share * (other - one);
}

function seconds(log) {
  if (log === null) return "deploys fail";
  const s = Math.exp(log);
  const [number, unit] = s < 1 ? [1000 * s, "ms"] : s < 300 ? [s, "s"] : [s / 60, "min"];
  return `${Number(number.toPrecision(3))} ${unit}`;
}

function verdict(apart, quantile) {
  if (apart === null) return "";
  const share = Math.round(100 * Math.expm1(apart));
  const far = data.ratio[quantile] === null || Math.abs(apart) > data.ratio[quantile];
  return far ? `${share > 0 ? "+" : ""}${share} %` : "too near to call here";
}

moved = () => {
  const cells = inputs.map((input, at) => cellOf(data.levels[at], Number(input.value)));
  for (const output of document.querySelectorAll("[data-of]")) {
    const { quantile } = output.dataset;
    const of = data.names[Number(output.dataset.of)];
    const log = between(data.logs[of][quantile], cells);
    const base = between(data.logs[data.baseline][quantile], cells);
    const apart = of === data.baseline ? null : log === null || base === null ? null : log - base;
    const text = output.dataset.what === "apart" ? verdict(apart, quantile) : seconds(log);
    output.textContent = text;
  }
  const ran = cells.every(([low, high]) => low === high);
  byId("state").textContent = ran ? "Run at this place" : "Interpolated at this place";
  const words = inputs.map((input, at) => data.words[at][Number(input.value)]).filter(Boolean);
  byId("whole").textContent = [data.asked, ...words].join(" ");
  history.replaceState(null, "", `#at=${places()}`);
};
moved();
