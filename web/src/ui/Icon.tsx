/** Line drawings of 20 by 20, all of one stroke. */
const PATHS = {
  dashboard: "M3 3h6v8H3zM11 3h6v5h-6zM11 10h6v7h-6zM3 13h6v4H3z",
  cell: "M10 17V9M6.5 12.5a5 5 0 1 1 7 0M4 15a8.5 8.5 0 1 1 12 0M10 9h.01",
  phone: "M6 2.5h8v15H6zM9 15h2",
  session: "M3 7h11m0 0-3-3m3 3-3 3M17 13H6m0 0 3-3m-3 3 3 3",
  card: "M4 3h8l4 4v10H4zM8 10h5v4H8z",
  network: "M10 3v4m0 0-5 6m5-6 5 6M3 13h4v4H3zM13 13h4v4h-4zM8 3h4v3H8z",
  trace: "M4 3v14M10 3v14M16 3v14M4 6h6m0 0-2-1.5M10 6 8 7.5M16 11h-6m0 0 2-1.5M10 11l2 1.5M4 15h12",
  bell: "M5 14V9a5 5 0 0 1 10 0v5l1.5 1.5h-13zM8.5 17.5h3",
  list: "M7 5h10M7 10h10M7 15h10M3 5h.01M3 10h.01M3 15h.01",
  users: "M7 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2 17c0-3 2-5 5-5s5 2 5 5M13 4a3 3 0 0 1 0 5.5M14 12c2.500.5 4 2.300 4 5",
  audit: "M5 2.500h10v15H5zM8 7h4M8 10h4M8 13h2",
  settings: "M3 5h8m4 0h2M3 10h2m4 0h8M3 15h8m4 0h2M11 3.500v3M5 8.500v3M11 13.500v3",
  sun: "M10 6.500a3.500 3.500 0 1 1 0 7 3.500 3.500 0 0 1 0-7ZM10 2v1.500M10 16.500V18M2 10h1.500M16.500 10H18M4.300 4.300l1.100 1.100M14.600 14.600l1.100 1.100M4.300 15.700l1.100-1.100M14.600 5.400l1.100-1.100",
  moon: "M16 12A7 7 0 0 1 8 4a7 7 0 1 0 8 8Z",
  menu: "M3 5h14M3 10h14M3 15h14",
  close: "M5 5l10 10M15 5 5 15",
  search: "M9 4a5 5 0 1 1 0 10A5 5 0 0 1 9 4ZM12.600 12.600 17 17",
  pause: "M7 4v12M13 4v12",
  play: "M6 4l10 6-10 6z",
  download: "M10 3v10m0 0-4-4m4 4 4-4M3 17h14",
  upload: "M10 13V3m0 0L6 7m4-4 4 4M3 17h14",
  add: "M10 4v12M4 10h12",
  out: "M8 3H4v14h4M8 10h9m0 0-3-3m3 3-3 3",
  copy: "M7 7h9v10H7zM4 13V3h9",
  power: "M10 3v7M6 5.500a6 6 0 1 0 8 0",
  why: "M7 7.500a3 3 0 1 1 4.500 2.600c-1 .600-1.500 1.200-1.500 2.400M10 15.500h.01",
  handset: "M5 3h10v14H5zM8 14.500h4",
  chart: "M3 3v14h14M6 13l3-4 3 2 4-6",
  clear: "M4 6h12M8 6V4h4v2M6 6l1 11h6l1-11",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
