// Looks at the page that it is put into, and tells the page around it what is wrong.
const faults = [];
addEventListener("error", event => faults.push("script: " + event.message));
addEventListener("securitypolicyviolation", event => faults.push("asks for " + event.blockedURI));
console.error = console.warn = (...words) => faults.push("console: " + words.join(" "));

const overlap = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;

function checkChart(chart) {
    const texts = [...chart.querySelectorAll("text")].map(text => ({ text: text.textContent, box: text.getBoundingClientRect() }));
    const name = chart.querySelector(".title")?.textContent ?? "";
    const frame = chart.getBoundingClientRect();
    if (!name)
        faults.push("a chart has no title");
    if ([...chart.querySelectorAll(".label")].filter(label => label.textContent).length !== 2)
        faults.push(`'${name}' does not name two axes`);
    if (chart.querySelectorAll(".tick").length < 2)
        faults.push(`'${name}' has no ticks`);
    texts.forEach((a, i) => {
        if (a.box.left < frame.left - 1 || a.box.right > frame.right + 1 || a.box.top < frame.top - 1 || a.box.bottom > frame.bottom + 1)
            faults.push(`'${name}': '${a.text}' leaves the chart`);
        for (const b of texts.slice(i + 1))
            if (overlap(a.box, b.box))
                faults.push(`'${name}': '${a.text}' overlaps '${b.text}'`);
    });
}

addEventListener("load", () => {
    for (const each of document.querySelectorAll("details"))
        each.open = true;
    const page = document.documentElement;
    if (page.scrollWidth > page.clientWidth)
        faults.push(`is ${page.scrollWidth} wide in ${page.clientWidth}`);
    for (const each of document.querySelectorAll("main > *, section > *, figure"))
        if (each.getBoundingClientRect().right > page.clientWidth + 1)
            faults.push(`<${each.tagName.toLowerCase()}> leaves the page`);
    document.querySelectorAll("svg").forEach(checkChart);
    document.querySelectorAll("th button").forEach(button => button.click());
    parent.postMessage({ width: innerWidth, charts: document.querySelectorAll("svg").length, faults }, "*");
});
