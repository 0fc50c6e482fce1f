/** Where a program waits to be debugged, as text and as numbers. Knows nothing of the editor. */

export interface Address {
    readonly host: string;
    readonly port: number;
}

/** What may be left out of a text. */
const HERE = '127.0.0.1';

/** "host:port", "[::1]:port" or a port alone, which is on `host`; undefined if it is none of them. */
export function addressIn(text: string, host = HERE): Address | undefined {
    const match = /^(?:(?:\[([^\]]+)\]|([^:]+)):)?(\d{1,5})$/.exec(text.trim());
    const port = Number(match?.[3]);
    return match && port > 0 && port < 65536 ? { host: match[1] ?? match[2] ?? host, port } : undefined;
}

/** A text that `addressIn` reads. */
export function textOf({ host, port }: Address): string {
    return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * The configuration with numbers where a variable has put an address in, such as
 * `${command:PickProcess}`; a text that is no address stays, for the adapter to refuse.
 */
export function withNumbers<Given extends Record<string, unknown>>(given: Given): Given {
    const { host, port, connect }: Record<string, unknown> = given;
    const atPort = typeof port === 'string' && addressIn(port, typeof host === 'string' ? host : HERE);
    const atConnect = typeof connect === 'string' && addressIn(connect);
    return { ...given, ...atPort, ...(atConnect && { connect: atConnect }) };
}
