// The panel's icons: paths on a 24 by 24 grid, drawn as strokes.

export const MINUS = "M6 12h12";
export const CROSS = "m7 7 10 10M17 7 7 17";
export const CHEVRON = "m6 9 6 6 6-6";
export const RESTART = "M4.5 5v4.5H9M5 9.5A7.5 7.5 0 1 1 4.5 13";
export const ARROW_UP = "M12 19V5.5M6 11.5l6-6 6 6";
export const ARROW_DOWN = "M12 5v13.5M6 12.5l6 6 6-6";
export const STOP = "M7 7h10v10H7z";
export const CHECK = "m5 12.5 4.5 4.5L19 7.5";
export const COPY = "M9 9h10.5v10.5H9zM5.5 15H4.5V4.5H15v1";
export const THUMB = "M7.5 10.5V20H4.2v-9.5h3.3Zm0 0 3.7-6.9c1.5 0 2.5 1.2 2.2 2.6l-.8 3.6h5.3c1.3 0 2.3 1.2 2 2.5l-1.3 6.1A2 2 0 0 1 16.7 20H7.5";
export const PAGE = "M7 3.5h6.5L18 8v12.5H7zM13.5 3.5V8H18";
