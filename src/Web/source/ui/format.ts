// How figures and times are written. Everything has a form for "not known": an en dash.

export const Unknown = "–";

/** A figure with as many digits as tell something: 0.8312, 12.4, 1,536, 2.1e-6. */
export function figure(value: number | undefined | null): string {
    if (value === undefined || value === null) return Unknown;
    if (!Number.isFinite(value)) return String(value);
    const size = Math.abs(value);
    if (value === 0) return "0";
    if (size < 1e-3 || size >= 1e7) return value.toExponential(2).replace("e+", "e").replace("-", "\u2212");
    const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4;
    return value.toLocaleString("en", { maximumFractionDigits: digits }).replace("-", "\u2212");
}

/** A count. */
export const count = (value: number | undefined): string => (value === undefined ? Unknown : value.toLocaleString("en"));

/** A share as per cent. */
export const percent = (value: number | undefined, digits = 1): string =>
    value === undefined || !Number.isFinite(value) ? Unknown : `${(value * 100).toFixed(digits)} %`;

/** Seconds in the two largest units that count: 4.2 s, 3 min 05 s, 2 h 10 min, 3 d 4 h. */
export function duration(seconds: number | undefined): string {
    if (seconds === undefined || !Number.isFinite(seconds)) return Unknown;
    if (seconds < 0.05) return "0 s";
    if (seconds < 10) return `${seconds.toFixed(1)} s`;
    if (Math.round(seconds) < 60) return `${Math.round(seconds)} s`;
    const whole = Math.round(seconds);
    if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
    const minutes = Math.round(seconds / 60);
    if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
    const hours = Math.round(seconds / 3600);
    return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Bytes in decimal units. */
export function bytes(value: number | undefined): string {
    if (value === undefined) return Unknown;
    const units = ["B", "kB", "MB", "GB", "TB", "PB"];
    let at = 0;
    while (value >= 1000 && at < units.length - 1) {
        value /= 1000;
        at++;
    }
    return `${value.toFixed(value < 10 && at > 0 ? 1 : 0)} ${units[at]}`;
}

/** An amount of money; small ones with the digits that count. */
export function money(amount: number | undefined, currency: string): string {
    if (amount === undefined) return Unknown;
    const digits = amount === 0 || amount >= 1 ? 2 : Math.min(6, Math.max(2, Math.ceil(-Math.log10(amount)) + 1));
    return `${amount.toLocaleString("en", { minimumFractionDigits: Math.min(digits, 2), maximumFractionDigits: digits })} ${currency}`;
}

/** How long ago a moment was: now, 12 s ago, 3 min ago, 5 h ago, 2 d ago. */
export function ago(time: string | undefined, now: number): string {
    if (time === undefined) return Unknown;
    const seconds = (now - Date.parse(time)) / 1000;
    if (!Number.isFinite(seconds)) return Unknown;
    if (seconds < 5) return "now";
    if (seconds < 60) return `${Math.floor(seconds)} s ago`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
    if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
    return `${Math.floor(seconds / 86_400)} d ago`;
}

/** A moment on this machine's clock. */
export const moment = (time: string | undefined): string =>
    time === undefined ? Unknown : new Date(time).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** The time of day of a moment, with its date where that is another day. */
export const when = (time: string, now: number): string => {
    const day = (at: string | number): string => new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "short" });
    return day(time) === day(now) ? clock(time) : `${day(time)}, ${clock(time)}`;
};

/** The time of day of a moment. */
export const clock = (time: string | number): string => new Date(time).toLocaleTimeString("en-GB");
