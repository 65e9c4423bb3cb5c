import { render } from "preact";
import { App } from "./app.tsx";
import { takeKeyFromAddress } from "./state/key.ts";
import { applyTheme } from "./state/theme.ts";
import "./style/base.css";
import "./style/parts.css";
import "./style/views.css";

takeKeyFromAddress();
addEventListener("hashchange", takeKeyFromAddress);
applyTheme();
render(<App />, document.getElementById("page")!);
