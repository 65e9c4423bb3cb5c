/** One server-sent event. */
export interface ServerEvent {
    id: string | undefined;
    name: string;
    data: string;
}

/**
 * Takes a text/event-stream apart as the HTML standard says, from chunks cut anywhere. An `EventSource` would do so itself,
 * but it carries no header, and the key travels in one.
 */
export class StreamParser {
    /** Milliseconds that the server asks to be left alone for after a break; undefined as long as it said nothing. */
    retry: number | undefined;
    #rest = "";
    #id: string | undefined;
    #name = "";
    #data: string[] = [];
    #lastWasReturn = false;
    #begun = false;

    /** The events that a chunk completes. */
    push(chunk: string): ServerEvent[] {
        const events: ServerEvent[] = [];
        let text = this.#rest + chunk;
        if (!this.#begun && text.length > 0) {
            this.#begun = true;
            if (text.startsWith("\uFEFF")) text = text.slice(1);
        }
        // CR LF may be cut in two: the LF then belongs to the line before.
        if (this.#lastWasReturn && this.#rest === "" && text.startsWith("\n")) text = text.slice(1);
        if (text.length > 0) this.#lastWasReturn = false;
        let start = 0;
        for (let at = 0; at < text.length; at++) {
            const sign = text.charCodeAt(at);
            if (sign !== 10 && sign !== 13) continue;
            const event = this.#line(text.slice(start, at));
            if (event) events.push(event);
            if (sign === 13) {
                if (at + 1 === text.length) this.#lastWasReturn = true;
                else if (text.charCodeAt(at + 1) === 10) at++;
            }
            start = at + 1;
        }
        this.#rest = text.slice(start);
        return events;
    }

    #line(line: string): ServerEvent | undefined {
        if (line === "") return this.#dispatch();
        if (line.startsWith(":")) return undefined;
        const colon = line.indexOf(":");
        const field = colon < 0 ? line : line.slice(0, colon);
        let value = colon < 0 ? "" : line.slice(colon + 1);
        if (value.startsWith(" ")) value = value.slice(1);
        if (field === "event") this.#name = value;
        else if (field === "data") this.#data.push(value);
        else if (field === "id" && !value.includes("\0")) this.#id = value;
        else if (field === "retry" && /^\d+$/.test(value)) this.retry = Number(value);
        return undefined;
    }

    #dispatch(): ServerEvent | undefined {
        const [name, data] = [this.#name, this.#data];
        this.#name = "";
        this.#data = [];
        return data.length === 0 ? undefined : { id: this.#id, name: name || "message", data: data.join("\n") };
    }
}
