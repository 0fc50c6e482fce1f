import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressIn, textOf, withNumbers } from '../address';

const attach = { request: 'attach' };

test('an address is a port, or a host and a port', () => {
    assert.deepEqual(addressIn('4711'), { host: '127.0.0.1', port: 4711 });
    assert.deepEqual(addressIn(' lab.example:4711 '), { host: 'lab.example', port: 4711 });
    assert.deepEqual(addressIn('[::1]:4711'), { host: '::1', port: 4711 });
    for (const text of ['', 'lab', 'lab:', 'lab:0', '65536', '::1:4711']) assert.equal(addressIn(text), undefined, text);
});

test('what is written of an address is read again', () => {
    for (const address of [{ host: '10.0.0.7', port: 1 }, { host: '::1', port: 65535 }]) {
        assert.deepEqual(addressIn(textOf(address)), address);
    }
});

test('a port that a variable put in becomes host and port', () => {
    assert.deepEqual(withNumbers({ ...attach, port: '10.0.0.7:4711' }), { ...attach, host: '10.0.0.7', port: 4711 });
    assert.deepEqual(withNumbers({ ...attach, port: '4711' }), { ...attach, host: '127.0.0.1', port: 4711 });
});

test('a port alone is on the host of the configuration, a chosen address is not', () => {
    assert.deepEqual(withNumbers({ host: 'lab', port: '4711' }), { host: 'lab', port: 4711 });
    assert.deepEqual(withNumbers({ host: 'lab', port: '10.0.0.7:4711' }), { host: '10.0.0.7', port: 4711 });
});

test('so does connect', () => {
    assert.deepEqual(withNumbers({ connect: '[::1]:4711' }), { connect: { host: '::1', port: 4711 } });
});

test('all else stays as it is', () => {
    for (const given of [attach, { port: 4711 }, { port: 'lab' }, { port: null }, { connect: { port: 4711 } }]) {
        assert.deepEqual(withNumbers(given), given);
    }
});
