import type { Problem, RecipeProblem } from "./types.ts";
import { key, refuse } from "../state/key.ts";

/** An answer that says no, in the service's own words. */
export class ApiError extends Error {
    readonly status: number;
    readonly problems: RecipeProblem[];

    constructor(status: number, message: string, problems: RecipeProblem[] = []) {
        super(message);
        this.status = status;
        this.problems = problems;
    }
}

/** The host did not answer at all. */
export class AwayError extends Error {}

interface Request {
    method?: "GET" | "POST" | "DELETE";
    body?: string;
    headers?: Record<string, string>;
    signal?: AbortSignal;
}

/** Asks the run API; what is not a success is thrown. */
export async function ask(path: string, request: Request = {}): Promise<Response> {
    const sent = key();
    const headers: Record<string, string> = { ...request.headers };
    if (request.method === "POST" || request.method === "DELETE") headers["Content-Type"] = "application/json";
    // The local host reads the first, the Functions host the second.
    if (sent) headers["X-Api-Key"] = headers["x-functions-key"] = sent;
    let response: Response;
    try {
        response = await fetch(path, {
            method: request.method ?? "GET",
            headers,
            cache: "no-store",
            ...(request.body === undefined ? {} : { body: request.body }),
            ...(request.signal ? { signal: request.signal } : {}),
        });
    } catch (error) {
        if (request.signal?.aborted) throw error;
        throw new AwayError("The host does not answer. The page goes on when it is back.");
    }
    if (response.ok || response.status === 304) return response;
    if (response.status === 401) refuse(sent, isSignIn(response) ? "sign-in" : "key");
    throw await errorOf(response);
}

/** Asks for JSON. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return (await (await ask(path, signal ? { signal } : {})).json()) as T;
}

/** Sends JSON text and reads the answer. */
export async function post<T>(path: string, body = "", signal?: AbortSignal): Promise<T> {
    return (await (await ask(path, { method: "POST", body, ...(signal ? { signal } : {}) })).json()) as T;
}

/** A path below a run, its parts escaped, with a query of the values that are there. */
export function pathOf(parts: readonly string[], query: Record<string, string | number | boolean | undefined> = {}): string {
    const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
    const text = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
    return `/api/${parts.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}

// The platform in front of a Functions app asks for a token; the host itself for a key.
const isSignIn = (response: Response): boolean => /^bearer/i.test(response.headers.get("WWW-Authenticate") ?? "");

async function errorOf(response: Response): Promise<ApiError> {
    const fallback = `The host answered with ${response.status} ${response.statusText}.`;
    try {
        const problem = (await response.json()) as Problem;
        return new ApiError(response.status, problem.detail ?? problem.title ?? fallback, problem.problems ?? []);
    } catch {
        return new ApiError(response.status, fallback); // no Problem Details: a proxy or the platform answered
    }
}
