import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { CurvesView } from "../curves/CurvesView.tsx";
import { JobsView } from "../jobs/JobsView.tsx";
import { SamplesView } from "../samples/SamplesView.tsx";
import { useChanges } from "../state/hooks.ts";
import { formatRoute, type Route } from "../state/route.ts";
import { Empty, Trouble, Waiting } from "../ui/parts.tsx";
import { Overview } from "./Overview.tsx";
import { RecipeView } from "./RecipeView.tsx";
import { ReportView } from "./ReportView.tsx";
import { RunHead } from "./RunHead.tsx";
import { RunStore } from "./runStore.ts";

const Tabs: readonly { name: string; text: string; view: ComponentType<{ store: RunStore; route: Route }> }[] = [
    { name: "", text: "Overview", view: Overview },
    { name: "curves", text: "Curves", view: CurvesView },
    { name: "samples", text: "Samples", view: SamplesView },
    { name: "jobs", text: "Workers and jobs", view: JobsView },
    { name: "recipe", text: "Recipe", view: RecipeView },
    { name: "report", text: "Report", view: ReportView },
];

/** A run: what it is, and its views. */
export function RunPage({ route }: { route: Route }) {
    const id = route.parts[1]!;
    const [store, setStore] = useState<RunStore>();
    useEffect(() => {
        const made = new RunStore(id);
        setStore(made);
        return () => made.close();
    }, [id]);
    return store ? <Page store={store} route={route} /> : null;
}

function Page({ store, route }: { store: RunStore; route: Route }) {
    useChanges(store.subscribe);
    const tab = Tabs.find(one => one.name === (route.parts[2] ?? ""));
    if (store.error)
        return (
            <div class="view">
                <Trouble error={store.error} />
                <p>
                    <a href="#/runs">All runs</a>
                </p>
            </div>
        );
    if (!store.run) {
        return (
            <div class="view">
                <h1>
                    <bdi>{store.id}</bdi>
                </h1>
                {store.state === "away" ? (
                    <Trouble error={new Error(store.reason ?? "The host does not answer.")} />
                ) : (
                    <Waiting what="the run" />
                )}
            </div>
        );
    }
    return (
        <div class="view run">
            <RunHead store={store} run={store.run} />
            <nav class="tabs" aria-label="Views of the run">
                {Tabs.map(one => (
                    <a
                        href={formatRoute(["runs", store.id, ...(one.name ? [one.name] : [])])}
                        aria-current={one === tab ? "page" : undefined}
                        key={one.name}
                    >
                        {one.text}
                    </a>
                ))}
            </nav>
            {tab ? <tab.view store={store} route={route} /> : <Empty title="A run has no such view." />}
        </div>
    );
}
