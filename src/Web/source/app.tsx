import type { ComponentType } from "preact";
import { useEffect, useReducer, useRef, useState } from "preact/hooks";
import { keepKey, key, onKey, refused } from "./state/key.ts";
import { useChanges, useRoute } from "./state/hooks.ts";
import { formatRoute, type Route } from "./state/route.ts";
import { nextTheme, onTheme, theme } from "./state/theme.ts";
import { Empty, Trouble, Waiting } from "./ui/parts.tsx";
import { RunsView } from "./runs/RunsView.tsx";

type View = ComponentType<{ route: Route }>;

// What is not the list comes when it is asked for: the first view stays small.
const Later: Record<string, () => Promise<View>> = {
    new: async () => (await import("./runs/NewRun.tsx")).NewRun,
    compare: async () => (await import("./runs/Compare.tsx")).Compare,
    run: async () => (await import("./run/RunPage.tsx")).RunPage,
};

const ThemeNames = { auto: "Colours: as the system", light: "Colours: light", dark: "Colours: dark" };

/** The page: bar, view, and the question for the key. */
export function App() {
    const route = useRoute();
    useChanges(onKey);
    const [mayBeOpen, setMayBeOpen] = useState(false);
    const main = useRef<HTMLElement>(null);
    const place = route.parts.join("/");
    const [first, ...rest] = route.parts;
    const name = first === "runs" && rest.length > 0 ? "run" : first;
    const before = useRef(name);
    // Whoever reads with ears begins at the top of a new view.
    useEffect(() => {
        if (before.current !== name) main.current?.focus({ preventScroll: true });
        before.current = name;
        document.title = rest[0] && name === "run" ? `${rest[0]} · R1 Cloud` : name === "new" ? "Start a run · R1 Cloud" : "R1 Cloud";
    }, [place]);
    const asksForKey = refused !== undefined || (!key() && !mayBeOpen);
    return (
        <>
            <a
                class="skip"
                href="#main"
                onClick={event => {
                    event.preventDefault();
                    main.current?.focus();
                }}
            >
                Skip to the content
            </a>
            <Bar name={name} />
            <main id="main" tabIndex={-1} ref={main}>
                {asksForKey ? <KeyQuestion onNone={() => setMayBeOpen(true)} /> : <Content name={name} route={route} />}
            </main>
        </>
    );
}

function Bar({ name }: { name: string | undefined }) {
    useChanges(onTheme);
    const link = (target: string, text: string, isHere: boolean) => (
        <a href={formatRoute([target])} aria-current={isHere ? "page" : undefined}>
            {text}
        </a>
    );
    return (
        <header class="bar">
            <a class="mark" href="#/runs" aria-label="R1 Cloud, all runs">
                <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
                    <rect width="32" height="32" rx="8" class="mark-ground" />
                    <path d="M7 23c5 0 6-12 11-12 4 0 4 5 7 5" class="mark-curve" />
                    <circle cx="25" cy="16" r="2.6" class="mark-point" />
                </svg>
                R1 Cloud
            </a>
            <nav aria-label="Views">
                {link("runs", "Runs", name === "runs" || name === "run" || name === undefined)}
                {link("new", "Start a run", name === "new")}
                {link("compare", "Compare", name === "compare")}
            </nav>
            <button type="button" class="quiet" onClick={nextTheme} title={ThemeNames[theme()]} aria-label={ThemeNames[theme()]}>
                {theme() === "auto" ? "◐" : theme() === "light" ? "○" : "●"}
            </button>
        </header>
    );
}

function Content({ name, route }: { name: string | undefined; route: Route }) {
    const [loaded, setLoaded] = useState<Record<string, View>>({});
    const [error, setError] = useState<Error>();
    const [turn, again] = useReducer((before: number, _: void) => before + 1, 0);
    const isList = name === undefined || name === "runs";
    useEffect(() => {
        if (isList || name === undefined || loaded[name] || !Later[name]) return;
        setError(undefined);
        Later[name]().then(view => setLoaded(before => ({ ...before, [name]: view })), setError);
    }, [name, turn]);
    if (isList) return <RunsView route={route} />;
    const View = loaded[name];
    if (View) return <View route={route} key={name === "run" ? route.parts[1] : name} />;
    if (!Later[name])
        return (
            <Empty title="There is nothing at this address.">
                Go to <a href="#/runs">all runs</a>.
            </Empty>
        );
    return error ? <Trouble error={error} again={() => again()} /> : <Waiting what="the view" />;
}

function KeyQuestion({ onNone }: { onNone: () => void }) {
    const [text, setText] = useState("");
    if (refused === "sign-in") return <SignIn />;
    return (
        <form
            class="key panel"
            onSubmit={event => {
                event.preventDefault();
                if (text.trim()) keepKey(text);
            }}
        >
            <h1>Which key does this host have?</h1>
            {refused === "key" && (
                <p class="trouble" role="alert">
                    The host refused the key. A host makes a new one at each start.
                </p>
            )}
            <p>
                <code>./r1 up</code> and <code>./r1 serve</code> print an address with the key in it; opening that address is all it takes.
                It also stands in the data folder's <code>host.json</code>. The key stays in this tab.
            </p>
            <label for="key">Key</label>
            <div class="row">
                <input
                    id="key"
                    type="password"
                    autocomplete="off"
                    value={text}
                    onInput={event => setText(event.currentTarget.value)}
                    autofocus
                />
                <button type="submit" class="main">
                    Go on
                </button>
            </div>
            {refused === undefined && (
                <button type="button" class="quiet" onClick={onNone}>
                    This host asks for none
                </button>
            )}
        </form>
    );
}

function SignIn() {
    const back = encodeURIComponent(`/${location.hash}`);
    return (
        <div class="key panel">
            <h1>Sign in first</h1>
            <p>This host asks who you are before it asks for its key.</p>
            <p>
                <a class="button main" href={`/.auth/login/aad?post_login_redirect_uri=${back}`}>
                    Sign in
                </a>
            </p>
        </div>
    );
}
