/** Signs that reorder what stands around them, or cannot be seen: shown by their number, so that a text cannot pass for another one. */
const Hidden = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200B-\u200F\u202A-\u202E\u2060-\u2064\u2066-\u206F\uFEFF]/g;

/** A text as it is shown: line ends as they are, hidden signs by their numbers. */
export const visible = (text: string): string =>
    text
        .replaceAll("\r\n", "\n")
        .replace(Hidden, sign => `\u2329U+${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}\u232A`);
