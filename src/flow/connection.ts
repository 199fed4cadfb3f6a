/** What the hub knows about a client connection and the upstreams behind it: facts that its flows share. */

import type { ClientTls, ConnectionOpened, Destination, Dialled, UpstreamTls } from "../capture/facts.ts";
import { Kind, type Record } from "../capture/record.ts";
import { type ClientHello, parseClientHello } from "../wire/client-hello.ts";
import { Fact, jsonFact } from "./fact.ts";

export class Connection {
  readonly number: number;
  client: Fact<ConnectionOpened> | null = null;
  destination: Fact<Destination> | null = null;
  clientHello: Fact<ClientHello> | null = null;
  clientTls: Fact<ClientTls> | null = null;
  /** Where the connection itself leads, behind CONNECT or SOCKS. */
  upstream: Upstream | null = null;
  /** What single exchanges of a plain-HTTP proxy connection dialled, the newest last. Replaced, never changed. */
  dialled: readonly Upstream[] = [];
  /** Bytes of all facts. */
  bytes = 0;
  openFlows = 0;
  /** The table's account: ended flows of this connection that it holds, and what it counts for the facts. */
  tableFlows = 0;
  tableBytes = 0;

  constructor(number: number) {
    this.number = number;
  }

  /** Takes in a record of the connection itself. */
  learn(record: Record): void {
    const { kind, payload } = record;
    this.bytes += payload.length;
    if (kind === Kind.connectionOpened) this.client = jsonFact(payload);
    else if (kind === Kind.destination) this.destination = jsonFact(payload);
    else if (kind === Kind.clientHello) this.clientHello = new Fact(payload, parseClientHello);
    else if (kind === Kind.clientTls) this.clientTls = jsonFact(payload);
    else if (kind === Kind.dialled) this.upstream = new Upstream(jsonFact(payload));
    else if (kind === Kind.upstreamTls) {
      this.upstream ??= new Upstream(null);
      this.upstream.tls = jsonFact(payload);
    }
  }

  /** An exchange dialled an upstream of its own; later ones may use it as well. */
  dial(payload: Uint8Array): Upstream {
    const upstream = new Upstream(jsonFact(payload));
    this.dialled = [...this.dialled.slice(1 - MAX_DIALLED), upstream];
    return upstream;
  }
}

/** A connection to an upstream. */
export class Upstream {
  readonly dialled: Fact<Dialled> | null;
  tls: Fact<UpstreamTls> | null = null;
  /** A flow has taken the times of dial and handshake for its own; those after it reuse the connection. */
  claimed = false;

  constructor(dialled: Fact<Dialled> | null) {
    this.dialled = dialled;
  }
}

/** A client that keeps its connection and asks for ever new hosts would make the list long. */
const MAX_DIALLED = 16;
