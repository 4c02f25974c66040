// Draws the pictures in the colours of the page, shows a program under the pointer, and pins it.
"use strict";
(() => {
  const { charts, programs } = JSON.parse(document.getElementById("data").textContent);
  const dashes = ["solid", "dash", "dashdot", "dot", "longdash", "longdashdot"];
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  const line = (trace) => {
    const shade = color(trace.role.replace(/^line(\d+)$/, (_, n) => `line${n % 8}`));
    const number = Number((trace.role.match(/^line(\d+)$/) || [0, 0])[1]);
    const made = { type: "scatter", ...trace };
    delete made.role;
    made.marker = { ...trace.marker, color: shade };
    if (trace.type !== "bar" && trace.mode.includes("lines"))
      made.line = { dash: dashes[number % dashes.length], width: 2, ...trace.line, color: shade };
    if (trace.role === "outcome-ok") made.marker.color = color("plain");
    if (trace.role === "plain") made.marker.opacity = 0.6;
    if (trace.customdata) made.hovertemplate = "program %{customdata}: %{y:.4f}<extra></extra>";
    return made;
  };
  const axis = (given) => ({
    gridcolor: color("rule"), zerolinecolor: color("rule"), linecolor: color("rule"), automargin: true,
    ...given, title: { text: given.title, font: { size: 13 } },
  });
  const layout = (given) => ({
    ...given,
    xaxis: axis(given.xaxis), yaxis: axis(given.yaxis),
    paper_bgcolor: color("page"), plot_bgcolor: color("page"), font: { color: color("ink"), size: 13 },
    margin: { l: 10, r: 10, t: 10, b: 10 }, hovermode: "closest", dragmode: "pan", showlegend: true,
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
    hoverlabel: { bgcolor: color("box"), bordercolor: color("rule"), font: { color: color("ink") } },
  });
  const config = (place) => ({ responsive: true, displaylogo: false, displayModeBar: place.clientWidth > 700, scrollZoom: false, plotlyServerURL: "",
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] });

  const element = (name, text, className) => {
    const made = document.createElement(name);
    made.textContent = text;
    if (className) made.className = className;
    return made;
  };
  const parts = (index) => {
    const [about, text] = programs[index] || ["its text is not in this page", ""];
    const code = element("pre", text);
    code.tabIndex = 0;
    return [element("p", `program ${index}: ${about}`), code];
  };
  const hovered = document.getElementById("hovered");
  const pinned = document.getElementById("pinned");
  const show = (index) => hovered.replaceChildren(...parts(index));
  const pin = (index) => {
    const older = document.getElementById(`pinned-${index}`);
    if (older) older.remove();
    const box = element("div", "", "pinned program");
    box.id = `pinned-${index}`;
    const button = element("button", `unpin ${index}`, "unpin");
    button.type = "button";
    button.addEventListener("click", () => {
      box.remove();
      document.getElementById("no-pins").hidden = pinned.children.length > 1;
    });
    box.append(...parts(index), button);
    document.getElementById("no-pins").hidden = true;
    pinned.prepend(box);
    return box;
  };

  const draw = () => {
    for (const [id, chart] of Object.entries(charts)) {
      const place = document.getElementById(`chart-${id}`);
      Plotly.react(place, chart.data.map(line), layout(chart.layout), config(place));
    }
  };
  draw();
  for (const id of Object.keys(charts)) {
    const place = document.getElementById(`chart-${id}`);
    const index = (event) => event.points[0].customdata;
    place.on("plotly_hover", (event) => index(event) !== undefined && show(index(event)));
    place.on("plotly_click", (event) => index(event) !== undefined && pin(index(event)));
  }
  dark.addEventListener("change", draw);
  for (const button of document.querySelectorAll("button.pin"))
    button.addEventListener("click", () => {
      show(button.dataset.program);
      pin(button.dataset.program).scrollIntoView({ block: "nearest" });
    });
  document.documentElement.dataset.ready = Math.round(performance.now());
})();
