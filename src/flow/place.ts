/** Where a flow goes, from what its client asked for: scheme, host, port and URL. */

import type { Address, AttemptOpened, Destination } from "../capture/facts.ts";
import { formatHost, parseAbsoluteForm } from "../wire/target.ts";
import type { Flow } from "./flow.ts";

export interface Place {
  scheme: "http" | "https" | "tcp";
  /** "" if unknown */
  host: string;
  /** 0 if unknown */
  port: number;
  url: string;
}

/** `target` is the request's, as sent; it counts for HTTP flows alone. */
export function placeOf(flow: Flow, target: string): Place {
  if (flow.kind === "http") return httpPlace(flow, target);
  const opening: AttemptOpened | null = flow.opening?.value ?? null;
  const destination = opening?.destination ?? flow.destination?.value ?? null;
  if (destination === null) return { scheme: "tcp", host: "", port: 0, url: "" };
  const { hostname, port } = destination;
  // An attempt that came as far as a ClientHello was going to be https.
  const scheme = flow.kind === "attempt" && flow.connection.clientHello !== null ? "https" : "tcp";
  return { scheme, host: hostname, port, url: formatHost(hostname, port) };
}

/** "example.com:8443", without the port that its scheme implies; null if unknown. */
export function hostOf(place: Place): string | null {
  return place.host === "" ? null : formatHost(place.host, place.port, DEFAULT_PORTS[place.scheme]);
}

/** "127.0.0.1:52166", "[::1]:52166" */
export function endpoint(address: Address): string {
  return formatHost(address.address, address.port);
}

function httpPlace(flow: Flow, target: string): Place {
  const destination = flow.destination?.value ?? null;
  if (destination !== null) return tunnelled(destination, flow.secure ? "https" : "http", target);
  const asked = parseAbsoluteForm(target);
  if (asked === null) return { scheme: "http", host: "", port: 0, url: target };
  return { scheme: asked.scheme, host: asked.hostname, port: asked.port, url: target };
}

/** Behind CONNECT the destination is where the bytes go, whatever the request says. */
function tunnelled(destination: Destination, scheme: "http" | "https", target: string): Place {
  const { hostname, port } = destination;
  const origin = `${scheme}://${formatHost(hostname, port, DEFAULT_PORTS[scheme])}`;
  // "*" stands for the server as a whole: a URL without path (RFC 9112 3.2.4). Other forms are URLs already, or nonsense.
  const url = target.startsWith("/") ? origin + target : target === "*" ? origin : target;
  return { scheme, host: hostname, port, url };
}

const DEFAULT_PORTS = { http: 80, https: 443, tcp: undefined };
