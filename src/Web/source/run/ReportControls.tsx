import type { RunReport } from "../api/report.ts";
import { percent } from "../ui/format.ts";
import { Panel } from "../ui/parts.tsx";
import { Scroll } from "../ui/Scroll.tsx";

/** What the controls of a run's stages came to: trainings that should teach nothing. */
export function Controls({ controls }: { controls: NonNullable<RunReport["controls"]> }) {
    return (
        <Panel title="Controls">
            <Scroll class="table-box">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">Stage</th>
                            <th scope="col">Control</th>
                            <th scope="col" class="number">
                                Stage gained
                            </th>
                            <th scope="col" class="number">
                                Control gained
                            </th>
                            <th scope="col">Verdict</th>
                        </tr>
                    </thead>
                    <tbody>
                        {controls.map(control => (
                            <tr key={control.label}>
                                <th scope="row">{control.stage}</th>
                                <td>{control.control}</td>
                                <td class="number">{percent(control.gained)}</td>
                                <td class="number">{percent(control.controlGained)}</td>
                                <td>{control.verdict}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </Scroll>
        </Panel>
    );
}
