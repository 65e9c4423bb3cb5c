/** Signs that all names begin with, up to a slash: they say nothing beside a title. */
export function sharedPrefix(names: readonly string[]): number {
    const [first = ""] = names;
    let at = names.length > 1 ? first.lastIndexOf("/") + 1 : 0;
    while (at > 0 && !names.every(name => name.startsWith(first.slice(0, at)))) at = first.lastIndexOf("/", at - 2) + 1;
    return at;
}
