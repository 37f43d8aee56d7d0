"use strict";
const inputs = [...document.querySelectorAll("input[type=range]")];
const values = inputs.map((input) => JSON.parse(input.dataset.values));
const places = () => inputs.map((input) => input.value).join(".");
const byId = (id) => document.getElementById(id);
let moved = () => {};

function show(input) {
  const at = inputs.indexOf(input);
  const text = values[at][Number(input.value)];
  const away = input.value !== input.dataset.start;
  input.setAttribute("aria-valuetext", text);
  byId(`o${at}`).textContent = text;
  byId(`r${at}`).hidden = !away;
  input.parentElement.classList.toggle("moved", away);
}

function put(input, place) {
  input.value = place;
  show(input);
}

inputs.forEach((input, at) => {
  input.addEventListener("input", () => {
    show(input);
    moved();
  });
  byId(`r${at}`).addEventListener("click", () => {
    put(input, input.dataset.start);
    input.focus();
    moved();
  });
});
byId("reset").addEventListener("click", () => {
  for (const input of inputs) put(input, input.dataset.start);
  moved();
});
const asked = new URLSearchParams(location.hash.slice(1)).get("at");
const there = asked === null ? [] : asked.split(".");
const fits = there.length === inputs.length && there.every((place, at) => /^\d{1,3}$/.test(place) && place in values[at]);
inputs.forEach((input, at) => put(input, fits ? there[at] : input.dataset.start));
