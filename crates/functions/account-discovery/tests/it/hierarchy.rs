//! The shared tree: OUs and accounts are kept in line, what others wrote stays.

use polo_testkit::sql;

use crate::organization::SANDBOX;
use crate::world::*;

#[tokio::test]
async fn roots_ous_and_accounts_become_nodes_and_a_move_moves_the_node() {
    let world = World::of(&[ONE]).await;
    world.discover().await;
    let nodes = "SELECT concat(node_id, ' ', node_type, ' ', node_name, ' ', parent_id) FROM hierarchy_nodes FINAL
        WHERE hierarchy = 'aws_account' ORDER BY node_id";
    assert_eq!(
        world.lines(nodes).await,
        [
            "account:111111111111 account account 111111111111 ou-examplerootid-00000001",
            "ou-examplerootid-00000001 organizational_unit Workloads r-examplerootid",
            "ou-examplerootid-00000002 organizational_unit Sandbox r-examplerootid",
            "r-examplerootid root Root ",
        ]
    );
    world.change(|organization| organization.move_to(ONE, SANDBOX));
    let answer = world.an_hour_later().await;
    assert_eq!(answer["hierarchy_nodes_changed"], 1);
    assert_eq!(
        world.lines("SELECT dictGet('hierarchy_dict', 'parent_id', ('aws_account', 'account:111111111111'))").await,
        [SANDBOX]
    );
    assert_eq!(world.an_hour_later().await["hierarchy_nodes_changed"], 0);
}

#[tokio::test]
async fn metadata_of_others_and_other_hierarchies_stay() {
    let world = World::of(&[ONE]).await;
    sql::execute(
        &world.store,
        &format!(
            "INSERT INTO hierarchy_nodes VALUES
                ('account:{ONE}', 'account', 'an old name', '', 'aws_account', {{'cost_center': '42', 'owner': 'stale'}}, now64(3), now64(3), 1),
                ('account:{ONE}', 'service', 'ours', 'x', 'services', {{'owner': 'theirs'}}, now64(3), now64(3), 1)"
        ),
    )
    .await;
    let theirs = "SELECT * FROM hierarchy_nodes FINAL WHERE hierarchy = 'services'";
    let created = "SELECT created_at FROM hierarchy_nodes FINAL WHERE hierarchy = 'aws_account' AND node_type = 'account'";
    let before = (world.lines(theirs).await, world.lines(created).await);
    let account = ONE.parse().unwrap();
    world.discover().await;
    world
        .store
        .decide(
            &account,
            "an operator",
            &[polo_store::settings::Setting::Owner("team a".into())],
        )
        .await
        .unwrap();
    world.an_hour_later().await;
    assert_eq!(
        world
            .lines(
                "SELECT node_name, metadata['cost_center'], metadata['owner'], metadata['polo_status'] FROM hierarchy_nodes FINAL
                 WHERE hierarchy = 'aws_account' AND node_type = 'account'"
            )
            .await,
        ["account 111111111111\t42\tteam a\tactive"]
    );
    assert_eq!(
        (world.lines(theirs).await, world.lines(created).await),
        before
    );
}
