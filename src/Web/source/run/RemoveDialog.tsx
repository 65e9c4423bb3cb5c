import { useState } from "preact/hooks";
import { ask, pathOf } from "../api/client.ts";
import type { RunRemoval, RunView } from "../api/types.ts";
import { go } from "../state/route.ts";
import { bytes, count } from "../ui/format.ts";
import { Dialog, Trouble } from "../ui/parts.tsx";

/** Deletes a finished run, and says what stays because others need it. */
export function RemoveDialog({ run, onClose }: { run: RunView; onClose: () => void }) {
    const [removed, setRemoved] = useState<RunRemoval>();
    const [error, setError] = useState<Error>();
    const [isBusy, setBusy] = useState(false);
    const close = (): void => (removed ? go("#/runs") : onClose());
    const remove = async (): Promise<void> => {
        setBusy(true);
        setError(undefined);
        try {
            setRemoved((await (await ask(pathOf(["runs", run.id]), { method: "DELETE" })).json()) as RunRemoval);
        } catch (caught) {
            setError(caught as Error);
            setBusy(false);
        }
    };
    if (removed) {
        return (
            <Dialog title={`${run.id} is removed`} onClose={close}>
                <p role="status">
                    {count(removed.removed)} blobs, {bytes(removed.bytes)}.
                    {removed.kept.length > 0 &&
                        ` ${count(removed.kept.length)} stay for ${[...new Set(removed.kept.flatMap(one => one.by))].join(", ")}.`}
                </p>
                <button type="button" class="main" onClick={close}>
                    All runs
                </button>
            </Dialog>
        );
    }
    return (
        <Dialog title={`Remove ${run.id}?`} onClose={close}>
            <form
                method="dialog"
                onSubmit={event => {
                    event.preventDefault();
                    void remove();
                }}
            >
                <p>
                    All that it made is deleted: checkpoints, samples, figures, report. What other runs need of it stays until they are
                    removed, too. This cannot be undone.
                </p>
                {error && <Trouble error={error} />}
                <div class="row end">
                    <button type="button" onClick={onClose} autofocus>
                        Leave it
                    </button>
                    <button type="submit" class="danger" disabled={isBusy}>
                        {isBusy ? "…" : "Remove the run"}
                    </button>
                </div>
            </form>
        </Dialog>
    );
}
