import { createElement, type ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** A box that scrolls where its content is too large; only then the keyboard reaches it. */
export function Scroll(props: { as?: "div" | "pre"; class: string; children: ComponentChildren }) {
    const box = useRef<HTMLElement>(null);
    useLayoutEffect(() => {
        const element = box.current!;
        const look = (): void => {
            if (element.scrollHeight > element.clientHeight || element.scrollWidth > element.clientWidth) element.tabIndex = 0;
            else element.removeAttribute("tabindex");
        };
        look();
        const watch = new ResizeObserver(look);
        watch.observe(element);
        return () => watch.disconnect();
    });
    return createElement(props.as ?? "div", { class: props.class, ref: box as never }, props.children);
}
