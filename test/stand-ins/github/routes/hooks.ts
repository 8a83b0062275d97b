import { notFound } from '../api-error.ts';
import { numberParam } from '../route.ts';
import type { Answer, Call, Route } from '../route.ts';
import { iso } from '../world.ts';
import type { Delivery } from '../webhooks.ts';

export const hookRoutes: readonly Route[] = [
  { method: 'GET', path: '/app/hook/config', access: 'app', handle: getConfig },
  { method: 'GET', path: '/app/hook/deliveries', access: 'app', handle: listDeliveries },
  { method: 'GET', path: '/app/hook/deliveries/{delivery_id}', access: 'app', handle: getDelivery },
  { method: 'POST', path: '/app/hook/deliveries/{delivery_id}/attempts', access: 'app', handle: redeliver },
];

const threeDays = 3 * 24 * 3_600_000;

function getConfig(): Answer {
  return { status: 200, body: { content_type: 'json', insecure_ssl: '0', secret: '********' } };
}

/** Newest first; pages go by cursor. The log is kept three days. */
function listDeliveries(call: Call): Answer {
  const kept = keptDeliveries(call).filter((delivery) => hasStatus(delivery, call.query.get('status')));
  const size = Math.min(Number(call.query.get('per_page') ?? 30), 100);
  const cursor = call.query.get('cursor');
  const start = cursor === null ? 0 : kept.findIndex((delivery) => delivery.id <= Number(cursor.replace('v1_', '')));
  const page = start < 0 ? [] : kept.slice(start, start + size);
  const next = start < 0 ? undefined : kept[start + size];
  const url = `${call.world.url}/api/v3/app/hook/deliveries?per_page=${size}`;
  const headers = next === undefined ? {} : { link: `<${url}&cursor=v1_${next.id}>; rel="next"` };
  return { status: 200, body: page.map(itemShape), headers };
}

function getDelivery(call: Call): Answer {
  const delivery = keptDeliveries(call).find((each) => each.id === numberParam(call, 'delivery_id'));
  if (delivery === undefined) throw notFound();
  return {
    status: 200,
    body: {
      ...itemShape(delivery),
      url: '',
      request: { headers: delivery.requestHeaders, payload: delivery.payload },
      response: { headers: delivery.responseHeaders, payload: delivery.responseBody },
    },
  };
}

function redeliver(call: Call): Answer {
  const known = keptDeliveries(call).some((each) => each.id === numberParam(call, 'delivery_id'));
  if (!known) throw notFound();
  call.webhooks.redeliver(numberParam(call, 'delivery_id'));
  return { status: 202, body: {} };
}

function keptDeliveries(call: Call): Delivery[] {
  const oldest = call.world.now() - threeDays;
  return call.webhooks.deliveries.filter((each) => each.state !== 'sending' && each.deliveredAt >= oldest).reverse();
}

function hasStatus(delivery: Delivery, wanted: string | null): boolean {
  if (wanted === null) return true;
  return (wanted === 'success') === (delivery.state === 'answered');
}

function itemShape(delivery: Delivery): Record<string, unknown> {
  return {
    id: delivery.id,
    guid: delivery.guid,
    delivered_at: iso(delivery.deliveredAt),
    redelivery: delivery.redelivery,
    duration: Math.round(delivery.durationMs / 10) / 100,
    status: delivery.status,
    status_code: delivery.statusCode,
    event: delivery.event,
    action: delivery.action,
    installation_id: delivery.installationId,
    repository_id: delivery.repositoryId,
    throttled_at: null,
  };
}
