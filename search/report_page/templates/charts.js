// Draws the pictures in the colours of the page, shows a program under the pointer, and pins it.
"use strict";
(() => {
  let { charts } = JSON.parse(document.getElementById("data").textContent);
  // A page of one file has the programs; a served page asks for each.
  const { programs, source } = JSON.parse(document.getElementById("data").textContent);
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
    ...given, uirevision: "kept",
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
  const asked = new Map();
  const ask = async (index) => {
    const answer = await fetch(`${source.text}/${index}/${source.name}`);
    return answer.ok ? answer.json() : ["its text cannot be read", ""];
  };
  const lookUp = (index) => {
    if (!source) return Promise.resolve(programs[index] || ["its text is not in this page", ""]);
    if (!asked.has(index)) asked.set(index, ask(index));
    return asked.get(index);
  };
  const title = (index, about) => {
    const made = element("p", "");
    const name = `program ${index}`;
    if (source) {
      const link = element("a", name);
      link.href = `${source.page}/${index}/${source.name}`;
      made.append(link, `: ${about}`);
    } else made.textContent = `${name}: ${about}`;
    return made;
  };
  const parts = async (index) => {
    const [about, text] = await lookUp(index);
    const code = element("pre", text);
    code.tabIndex = 0;
    return [title(index, about), code];
  };
  const hovered = document.getElementById("hovered");
  const pinned = document.getElementById("pinned");
  let last;
  const show = async (index) => {
    last = index;
    const shown = await parts(index);
    // The pointer may have gone on in the meantime.
    if (last === index) hovered.replaceChildren(...shown);
  };
  const pin = async (index) => {
    const shown = await parts(index);
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
    box.append(...shown, button);
    document.getElementById("no-pins").hidden = true;
    pinned.prepend(box);
    return box;
  };

  const act = (action) => (event) => {
    const index = event.points[0].customdata;
    if (index !== undefined) action(index);
  };
  // A picture is drawn when it is about to be seen, so that the first screen comes soon.
  const near = new Set();
  const drawn = new Set();
  const drawOne = (id) => {
    const place = document.getElementById(`chart-${id}`);
    const chart = charts[id];
    Plotly.react(place, chart.data.map(line), layout(chart.layout), config(place));
    if (pinned && !drawn.has(id)) {
      place.on("plotly_hover", act(show));
      place.on("plotly_click", act(pin));
    }
    drawn.add(id);
  };
  const draw = (isAll) => {
    for (const id of Object.keys(charts)) if (isAll === true || near.has(id)) drawOne(id);
  };
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const id = target.id.replace("chart-", "");
      if (!isIntersecting || near.has(id)) continue;
      near.add(id);
      if (charts[id]) drawOne(id);
    }
    document.documentElement.dataset.ready ??= Math.round(performance.now());
  }, { rootMargin: "200px" });
  for (const place of document.querySelectorAll(".chart")) observer.observe(place);
  addEventListener("beforeprint", () => draw(true));
  document.addEventListener("lionhunt:charts", (event) => {
    charts = event.detail;
    draw();
  });
  dark.addEventListener("change", draw);
  for (const button of document.querySelectorAll("button.pin"))
    button.addEventListener("click", async () => {
      show(button.dataset.program);
      (await pin(button.dataset.program)).scrollIntoView({ block: "nearest" });
    });
})();
