export type Theme = "auto" | "light" | "dark";

const Name = "r1-theme";
const Order: readonly Theme[] = ["auto", "light", "dark"];
const listeners = new Set<() => void>();

/** What the person chose; `auto` is what the system says. */
export const theme = (): Theme => Order.find(one => one === localStorage.getItem(Name)) ?? "auto";

/** Takes the next one. */
export function nextTheme(): void {
    localStorage.setItem(Name, Order[(Order.indexOf(theme()) + 1) % Order.length]!);
    applyTheme();
}

/** Puts the theme on the page; charts draw again, since a canvas knows no style sheet. */
export function applyTheme(): void {
    const chosen = theme();
    if (chosen === "auto") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = chosen;
    listeners.forEach(listener => listener());
}

/** Calls when the colours changed. */
export function onTheme(listener: () => void): () => void {
    listeners.add(listener);
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", listener);
    return () => {
        listeners.delete(listener);
        system.removeEventListener("change", listener);
    };
}

/** A colour of the style sheet. */
export const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
