import type { DescribeBrokerConfigsRequest, DescribeConfigsResponse } from '../../protocol/requests/describeConfigs.js'
import { describeConfigsApi } from '../../protocol/requests/describeConfigs.js'
import type { Answer } from './Answer.js'

/** DescribeConfigs of a broker, version 1. What the broker does not know is left out. */
export const describeConfigs: Answer<DescribeBrokerConfigsRequest, DescribeConfigsResponse> = {
  api: describeConfigsApi,
  respond: ({ brokerConfig }, { names }) => ({
    throttleTimeMs: 0,
    results: [
      {
        errorCode: 0,
        errorMessage: null,
        entries: names.flatMap((name) =>
          brokerConfig[name] === undefined ? [] : [{ name, value: brokerConfig[name] }],
        ),
      },
    ],
  }),
}
