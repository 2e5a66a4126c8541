import { render } from "preact";
import { App } from "./App";
import * as history from "./history";
import { listen } from "./router";
import * as session from "./session";
import * as theme from "./theme";
import "./style.css";

theme.begin();
listen();
history.begin();
session.watch();
render(<App />, document.getElementById("console")!);
void session.begin();
