import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { SessionGate } from "./session/session-gate.js";
import { takeToken } from "./session/token.js";
import { Shell } from "./shell.js";
import { Shortcuts } from "./shortcuts.js";
import "./style/index.css";

const root = document.getElementById("root");
if (root === null) throw new Error("The page has no element #root");
const firstToken = takeToken();
createRoot(root).render(
  <StrictMode>
    <SessionGate firstToken={firstToken}>
      <Shortcuts>
        <Shell />
      </Shortcuts>
    </SessionGate>
  </StrictMode>,
);
