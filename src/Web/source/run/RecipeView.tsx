import { get, pathOf } from "../api/client.ts";
import { tokens } from "../recipe/json.ts";
import { useLoaded } from "../state/hooks.ts";
import { formatRoute, type Route } from "../state/route.ts";
import { Panel, save, Trouble, Waiting } from "../ui/parts.tsx";
import type { RunStore } from "./runStore.ts";

const MostPainted = 200_000;

/** A run's recipe with all defaults in it. */
export function RecipeView({ store }: { store: RunStore; route: Route }) {
    const recipe = useLoaded(store.id, async signal => JSON.stringify(await get(pathOf(["runs", store.id, "recipe"]), signal), null, 2));
    const text = recipe.value;
    return (
        <Panel
            title="Recipe, everything filled in"
            tools={
                text !== undefined && (
                    <>
                        <button
                            type="button"
                            class="small"
                            onClick={() => save(`${store.id}.json`, new Blob([text], { type: "application/json" }))}
                        >
                            Save
                        </button>
                        <a class="button small" href={formatRoute(["compare"], { from: store.id })}>
                            Compare
                        </a>
                        <a class="button small" href={formatRoute(["new"], { from: store.id })}>
                            Start another from it
                        </a>
                    </>
                )
            }
        >
            {recipe.error && <Trouble error={recipe.error} again={recipe.again} />}
            {recipe.isLoading && <Waiting what="the recipe" />}
            {text !== undefined && (
                <pre class="code" tabIndex={0} aria-label="Recipe">
                    <Json text={text} />
                </pre>
            )}
        </Panel>
    );
}

function Json({ text }: { text: string }) {
    if (text.length > MostPainted) return <>{text}</>;
    const parts = [];
    let at = 0;
    for (const token of tokens(text)) {
        if (token.from > at) parts.push(text.slice(at, token.from));
        const kind = token.kind === "text" && text[token.to] === ":" ? "key" : token.kind;
        parts.push(
            <span class={`t-${kind}`} key={token.from}>
                {text.slice(token.from, token.to)}
            </span>,
        );
        at = token.to;
    }
    return (
        <>
            {parts}
            {text.slice(at)}
        </>
    );
}
