/** Where pages of text find their style: the content security policy allows none within a page. */
export const STYLE_PATH = "/page.css";

/** Of every page, those of the build included. */
export const ICON_PATH = "/icon.svg";

/** Three layers; the highest is lit. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="7" fill="#1d4fc4"/>
<path d="M5 21.5 16 27l11-5.5M5 16l11 5.5L27 16" fill="none" stroke="#9db8f5" stroke-width="2.4" stroke-linejoin="round"/>
<path d="M16 5 5 10.5 16 16l11-5.5Z" fill="#fff"/>
</svg>
`;

export const PAGE_STYLE = `:root {
  color-scheme: light dark;
  --ground: light-dark(#f6f7f9, #14161b);
  --card: light-dark(#fff, #1d2027);
  --line: light-dark(#d5d9e0, #343945);
  --text: light-dark(#191c22, #e8eaee);
  --quiet: light-dark(#535b69, #a5adba);
  --accent: light-dark(#1d4fc4, #8fb0ff);
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 52rem; margin: 0 auto; padding: clamp(1.5rem, 6vw, 4rem) 1.25rem; }
h1 { margin: 0; font-size: 2rem; letter-spacing: -0.02em; }
h2 { margin: 2.5rem 0 0.5rem; font-size: 1.05rem; }
a { color: var(--accent); }
p { margin: 0.5rem 0; }
code, pre { font: 14px/1.5 ui-monospace, "SF Mono", Consolas, monospace; }
pre { margin: 0.75rem 0; padding: 0.9rem 1rem; border: 1px solid var(--line); border-radius: 10px;
  background: var(--card); white-space: pre-wrap; overflow-wrap: anywhere; }
.quiet { color: var(--quiet); }
.ways { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(21rem, 100%), 1fr)); gap: 0.9rem; margin: 2rem 0 0;
  padding: 0; list-style: none; }
.ways a { display: block; height: 100%; padding: 1rem 1.1rem; border: 1px solid var(--line); border-radius: 12px;
  background: var(--card); color: inherit; text-decoration: none; }
.ways a:hover { border-color: var(--accent); }
.ways strong { color: var(--accent); font-size: 1.1rem; }
.ways span { display: block; color: var(--quiet); }
a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
`;
