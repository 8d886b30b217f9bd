// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How a report looks: colours for light and dark, narrow and wide screens, and paper; and the script that sorts
/// tables.
#pragma once

#include <string_view>

namespace quantkit
{
    /// Colours of series are those of Okabe and Ito, which colour-blind readers tell apart, darker in the light.
    inline constexpr std::string_view report_style = R"css(
:root{--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--page:#fff;--card:#f6f8fa;--s0:#c4451c;--s1:#a86e00;--s2:#00795b;--s3:#0067ac;color-scheme:light dark}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa4af;--line:#3a424c;--page:#0d1117;--card:#161b22;--s0:#ff8a5c;--s1:#e6b03c;--s2:#3ecf9f;--s3:#6cb6ff}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:77rem;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.6rem;margin:.2em 0}h2{font-size:1.2rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--line)}
.verdict{font-size:1.15rem;font-weight:600}
.warning{border-left:4px solid var(--s0);padding:.2rem .8rem;background:var(--card);margin:.4rem 0}
summary{cursor:pointer;color:var(--soft)}
.charts{display:grid;align-items:start;grid-template-columns:repeat(auto-fill,minmax(min(100%,28rem),1fr));gap:1rem}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.5rem;break-inside:avoid}
.chart{display:block;width:100%;height:auto;font:11px system-ui,sans-serif;fill:var(--ink)}
.chart .title{font-size:13px;font-weight:600}.chart .tick{fill:var(--soft)}
.chart .grid{stroke:var(--line);fill:none}.chart .rule{stroke:var(--ink);fill:none;stroke-width:1.2}
.chart .limit{stroke:var(--s0);stroke-width:2;stroke-dasharray:5 3}.chart .clip{stroke:var(--s0);stroke-width:2.5}.chart .line{fill:none;stroke-width:2}
.chart .bar,.chart .mark{stroke:none}.chart .note{font-weight:600}
.series-0{fill:var(--s0);stroke:var(--s0)}.series-1{fill:var(--s1);stroke:var(--s1)}.series-2{fill:var(--s2);stroke:var(--s2)}.series-3{fill:var(--s3);stroke:var(--s3)}
.key{color:var(--soft);font-size:.9rem}.key b{display:inline-block;width:.8em;height:.8em;margin:0 .3em 0 .8em}
.charts+.table{margin-top:1rem}caption{text-align:left;padding:.25rem .6rem}.table{overflow-x:auto;border:1px solid var(--line);border-radius:6px}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums;overflow-wrap:normal}
th,td{padding:.25rem .4rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--line)}
th:first-child,td:first-child,.text{text-align:left}
thead th{background:var(--card);vertical-align:bottom}
th button{all:unset;cursor:pointer;font-weight:600}th button:focus-visible{outline:2px solid var(--s3);outline-offset:2px}
th[aria-sort=ascending] button::after{content:" \25B2"}th[aria-sort=descending] button::after{content:" \25BC"}
@media print{details::details-content{content-visibility:visible}body{max-width:none;font-size:11px}.table{overflow:visible;border:0}table{font-size:8px}th,td{white-space:normal;padding:.1rem .25rem}h2{break-after:avoid}}
)css";

    /// A click, or Enter, on a column's name sorts by it; the second one the other way round.
    inline constexpr std::string_view report_script = R"js(
for(const table of document.querySelectorAll("table.sortable")){
 const heads=[...table.tHead.rows[0].cells],body=table.tBodies[0];
 heads.forEach((head,column)=>head.querySelector("button").addEventListener("click",()=>{
  const down=head.getAttribute("aria-sort")==="descending"||!head.hasAttribute("aria-sort")&&head.classList.contains("text");
  heads.forEach(h=>h.removeAttribute("aria-sort"));head.setAttribute("aria-sort",down?"ascending":"descending");
  const key=row=>row.cells[column].dataset.value??row.cells[column].textContent;
  const order=(a,b)=>head.classList.contains("text")?a.localeCompare(b):(a===""?-Infinity:+a)-(b===""?-Infinity:+b);
  [...body.rows].sort((a,b)=>(down?1:-1)*order(key(a),key(b))).forEach(row=>body.append(row));
 }));
}
)js";
}
