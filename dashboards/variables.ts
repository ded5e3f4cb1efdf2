import {
  QueryVariableBuilder,
  type QueryVariableBuilder as Variable,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PROMETHEUS } from './sources.ts';

/** Services, as Prometheus names them: `service.namespace/service.name` or `service.name`. */
export function serviceVariable(): Variable {
  return listVariable('service', 'Service', 'label_values(token_budget_reporting, job)');
}

export function budgetVariable(): Variable {
  return listVariable(
    'budget',
    'Budget',
    'label_values(token_budget_exhausted{job=~"$service"}, token_budget_name)',
  );
}

export function modelVariable(): Variable {
  return listVariable(
    'model',
    'Model',
    'label_values(token_budget_calls_total{job=~"$service"}, gen_ai_request_model)',
  );
}

/** The attribute that spend is split by: any label, so any resource attribute (OTEL_RESOURCE_ATTRIBUTES) too. */
export function attributeVariable(): Variable {
  const query = 'label_names(token_budget_cost_total)';
  return new QueryVariableBuilder('attribute')
    .label('Split by')
    .description('Any attribute of the calls and of the resource, such as one of OTEL_RESOURCE_ATTRIBUTES')
    .datasource(PROMETHEUS)
    .query({ query, refId: 'attribute' })
    .definition(query)
    .regex('/^(?!__|le$|instance$)/')
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .current({ selected: true, text: 'token_budget_name', value: 'token_budget_name' });
}

function listVariable(name: string, label: string, query: string): Variable {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(PROMETHEUS)
    .query({ query, refId: name })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ selected: true, text: 'All', value: '$__all' });
}
