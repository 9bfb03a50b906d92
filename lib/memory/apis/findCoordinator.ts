import { findCoordinatorApi } from '../../protocol/requests/findCoordinator.js'
import type { FindCoordinatorRequest, FindCoordinatorResponse } from '../../protocol/requests/findCoordinator.js'
import { findCoordinatorsApi } from '../../protocol/requests/findCoordinators.js'
import type { FindCoordinatorsRequest, FindCoordinatorsResponse } from '../../protocol/requests/findCoordinators.js'
import type { Answer } from './Answer.js'

/** FindCoordinator, version 2: of one key. */
export const findCoordinator: Answer<FindCoordinatorRequest, FindCoordinatorResponse> = {
  api: findCoordinatorApi,
  about: ({ key, type }) => (type === 'group' ? { groupId: key } : { transactionalId: key }),
  respond: ({ brokers: [broker] }) => ({
    ...{ throttleTimeMs: 0, errorCode: 0, errorMessage: null },
    ...{ nodeId: broker.nodeId, host: broker.host, port: broker.port },
  }),
}

/** FindCoordinator, version 4: of many keys (KIP-699). */
export const findCoordinators: Answer<FindCoordinatorsRequest, FindCoordinatorsResponse> = {
  api: findCoordinatorsApi,
  respond: ({ brokers: [broker] }, { keys }) => ({
    throttleTimeMs: 0,
    coordinators: keys.map((key) => ({ key, nodeId: broker.nodeId, errorCode: 0, errorMessage: null })),
  }),
}
