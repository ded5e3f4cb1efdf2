import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import OpenAI, { AzureOpenAI, BedrockOpenAI } from 'openai';
import { providerOf } from '../../../src/providers/openai/client-provider.ts';

function at(baseURL: string): OpenAI {
  return new OpenAI({ apiKey: 'k', baseURL });
}

function azure(apiVersion: string): AzureOpenAI {
  return new AzureOpenAI({ apiKey: 'k', endpoint: 'https://mine.openai.azure.com', apiVersion });
}

describe('providerOf', () => {
  it('recognizes OpenAI by its hosts', () => {
    for (const host of ['api.openai.com', 'eu.api.openai.com']) {
      assert.deepEqual(providerOf(at(`https://${host}/v1`)), {
        name: 'openai',
        acceptsIncludeUsage: true,
        baseUrl: `https://${host}/v1`,
        address: host,
        port: 443,
      });
    }
  });

  for (const url of [
    'http://localhost:11434/v1',
    'https://api.openai.com.evil.example/v1',
    'https://fakeapi.openai.com/v1',
    'https://openrouter.ai/api/v1',
    'http://10.0.0.1/v1',
  ]) {
    it(`assumes no stream_options at ${url}`, () => {
      const { name, acceptsIncludeUsage, address, port } = providerOf(at(url));
      const { hostname, port: own, protocol } = new URL(url);
      assert.deepEqual([name, acceptsIncludeUsage, address], ['openai', false, hostname]);
      assert.equal(port, own === '' ? (protocol === 'http:' ? 80 : 443) : Number(own));
    });
  }

  for (const [version, accepts] of [
    ['2023-05-15', false],
    ['2024-06-01', false],
    ['2024-08-01-preview', false],
    ['2024-09-01-preview', true],
    ['2024-10-21', true],
    ['2025-04-01-preview', true],
    ['preview', true],
    ['latest', true],
  ] as const) {
    it(`recognizes Azure, with stream_options in version ${version}: ${accepts}`, () => {
      const { name, acceptsIncludeUsage, address } = providerOf(azure(version));
      assert.deepEqual(
        [name, acceptsIncludeUsage, address],
        ['azure.ai.openai', accepts, 'mine.openai.azure.com'],
      );
    });
  }

  for (const host of [
    'mine.openai.azure.com',
    'mine.cognitiveservices.azure.com',
    'mine.services.ai.azure.com',
    'gateway.azure-api.net',
    'mine.openai.azure.us',
    'mine.cognitiveservices.azure.us',
    'mine.openai.azure.cn',
    'gateway.azure-api.us',
    'gateway.azure-api.cn',
  ]) {
    it(`recognizes Azure at ${host} with any client`, () => {
      assert.equal(providerOf(at(`https://${host}/openai/v1/`)).name, 'azure.ai.openai');
      assert.equal(providerOf(at(`https://${host}/openai/v1/`)).acceptsIncludeUsage, true);
      const dated = at(`https://${host}/openai?api-version=2024-02-01`);
      assert.equal(providerOf(dated).acceptsIncludeUsage, false);
    });
  }

  for (const [version, accepts] of [
    ['2024-02-01', false],
    ['2024-10-21', true],
    ['preview', true],
  ] as const) {
    it(`reads the Azure version in the query of an OpenAI client, ${version}: ${accepts}`, () => {
      const client = new OpenAI({
        apiKey: 'k',
        baseURL: 'https://mine.openai.azure.com/openai/deployments/d',
        defaultQuery: { 'api-version': version },
      });
      assert.equal(providerOf(client).acceptsIncludeUsage, accepts);
    });
  }

  for (const host of [
    'openai.azure.com.evil.example',
    'notopenai-azure.com',
    'mine.openai.azure.de',
    'azure.us',
  ]) {
    it(`does not mistake ${host} for Azure`, () =>
      assert.equal(providerOf(at(`https://${host}/v1`)).name, 'openai'));
  }

  it('recognizes Bedrock by its client', () => {
    const client = new BedrockOpenAI({ apiKey: 'k', awsRegion: 'us-east-1' });
    const { name, acceptsIncludeUsage } = providerOf(client);
    assert.deepEqual([name, acceptsIncludeUsage], ['aws.bedrock', false]);
  });

  it('recognizes clients whose classes a bundler renamed', () => {
    const azure = class a extends AzureOpenAI {};
    const bedrock = class b extends BedrockOpenAI {};
    const endpoint = 'https://gateway.example';
    assert.equal(
      providerOf(new azure({ apiKey: 'k', apiVersion: '2024-10-21', endpoint })).name,
      'azure.ai.openai',
    );
    assert.equal(providerOf(new bedrock({ apiKey: 'k', awsRegion: 'us-east-1' })).name, 'aws.bedrock');
  });

  it('remembers the provider until the base URL changes', () => {
    const client = at('http://one.example/v1');
    const first = providerOf(client);
    assert.equal(providerOf(client), first);
    client.baseURL = 'http://two.example/v1';
    assert.equal(providerOf(client).address, 'two.example');
  });

  it('returns no address for an invalid base URL', () => {
    class Client {
      readonly baseURL: unknown;
      constructor(baseURL: unknown) {
        this.baseURL = baseURL;
      }
    }
    for (const baseURL of [undefined, 5, 'not a url', '']) {
      const { name, address, port, acceptsIncludeUsage } = providerOf(new Client(baseURL));
      assert.deepEqual([name, address, port, acceptsIncludeUsage], ['openai', undefined, undefined, false]);
    }
  });
});
