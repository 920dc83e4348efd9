/** What a first look at the explorer begins with: one tab each. The ids are those of the example accounts. */
export interface Example {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

export const EXAMPLES: readonly Example[] = [
  {
    query: `# What is in force for an account, and who says so?
# Each field names the layer that its value is from,
# and shows what the layers below say.
# Run it with Ctrl+Enter.
query WhatIsInForce($account: ID!, $config: ID!) {
  config(accountId: $account, configId: $config) {
    fields {
      pointer
      title
      value
      source {
        kind
        account {
          name
        }
      }
      contributions {
        layer {
          kind
        }
        value
      }
    }
    problems {
      pointer
      message
    }
  }
}
`,
    variables: { account: "acme", config: "conferences" },
  },
  {
    query: `# Every account that you may know of,
# each before those below it.
query Accounts($first: Int) {
  accounts(first: $first) {
    totalCount
    nodes {
      id
      name
      isReseller
      parent {
        id
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`,
    variables: { first: 20 },
  },
  {
    query: `# What would this change do? dryRun: nothing is written.
# The reseller of Acme says 7500 already, so this override
# would go, and Acme would follow its reseller.
mutation TryAChange($input: PatchConfigInput!) {
  patchConfig(input: $input) {
    ... on ConfigWritten {
      changes {
        pointer
        before
        after
        sourceAfter
      }
      document
    }
    ... on ConfigInvalid {
      problems {
        pointer
        message
      }
    }
    ... on ConfigConflict {
      message
    }
  }
}
`,
    variables: {
      input: {
        accountId: "acme",
        configId: "conferences",
        patch: { pin_timeout: 7500, profiles: { town_hall: { "max-members": 500 } } },
        dryRun: true,
      },
    },
  },
  {
    query: `# Who changed the settings of this account, when and why?
query History($account: ID!, $config: ID!) {
  config(accountId: $account, configId: $config) {
    history(first: 10) {
      nodes {
        revision
        kind
        at
        actor
        note
        changes {
          pointer
          before
          after
        }
      }
    }
  }
}
`,
    variables: { account: "acme", config: "conferences" },
  },
  {
    query: `# Follow every change of what the account sees, live: run it,
# then change something in the console or by REST.
subscription FollowChanges($account: ID!, $configs: [ID!]) {
  configChanged(accountId: $account, configIds: $configs) {
    cursor
    snapshot
    changes {
      pointer
      before
      after
      sourceAfter
    }
    config {
      configId
      values
    }
  }
}
`,
    variables: { account: "acme", configs: ["conferences"] },
  },
];
