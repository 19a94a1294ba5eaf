//! Users and access rules, on a broker that checks who asks and on one that does not.

use std::fs;
use std::path::Path;

use super::{Area, Cluster, step};
use crate::mask::Compare::Lines;

/// A broker that has a super user and checks every request.
pub const SETTINGS: &str = "\
authenticationEnabled=true
authenticationProvider=org.apache.rocketmq.auth.authentication.provider.DefaultAuthenticationProvider
authenticationMetadataProvider=org.apache.rocketmq.auth.authentication.provider.LocalAuthenticationMetadataProvider
initAuthenticationUser={\"username\":\"rocketmq\",\"password\":\"12345678\"}
innerClientAuthenticationCredentials={\"accessKey\":\"inner\",\"secretKey\":\"inner-secret\"}
authorizationEnabled=true
authorizationProvider=org.apache.rocketmq.auth.authorization.provider.DefaultAuthorizationProvider
authorizationMetadataProvider=org.apache.rocketmq.auth.authorization.provider.LocalAuthorizationMetadataProvider
";

/// Writes the keys of the super user to where mqadmin looks for them.
pub fn give_keys(home: &Path) {
    fs::create_dir_all(home.join("conf")).expect("a directory for the keys");
    fs::write(home.join("conf/tools.yml"), "accessKey: rocketmq\nsecretKey: 12345678\n")
        .expect("write the keys");
}

/// mqadmin prints every password; ours only where `--show-passwords` is given.
const HIDDEN: &str = "passwords are not shown";

pub const AREA: Area = Area {
    cluster: Cluster::Auth,
    steps: &[
        step(Lines, "createUser -n {n} -b {b} -u {x} -p secret-1"),
        step(Lines, "createUser -n {n} -b {b} -u {x} -p secret-2"),
        step(Lines, "createUser -n {n} -c DefaultCluster -u {x}-c -p secret-2 -t Super"),
        step(Lines, "createUser -n {n} -c NoSuchCluster -u {x}-c -p secret-2")
            .refused("an unknown cluster is an error"),
        step(Lines, "updateUser -n {n} -b {b} -u {x} -p secret-3"),
        step(Lines, "updateUser -n {n} -c DefaultCluster -u {x}-c -t Normal"),
        step(Lines, "updateUser -n {n} -b {b} -u {x} -s disable"),
        step(Lines, "updateUser -n {n} -b {b} -u {x}-nobody -p x"),
        step(Lines, "getUser -n {n} -b {b} -u {x}").differs(HIDDEN),
        step(Lines, "getUser -n {n} -c DefaultCluster -u {x}-c").differs(HIDDEN),
        step(Lines, "getUser -n {n} -b {b} -u {x}-nobody")
            .refused("an unknown user is an error, not silence"),
        step(Lines, "getUser -n {n} -c NoSuchCluster -u {x}"),
        step(Lines, "listUser -n {n} -b {b} -f {x}").differs(HIDDEN),
        step(Lines, "listUser -n {n} -c DefaultCluster -f {x}").differs(HIDDEN),
        step(Lines, "listUser -n {n} -b {b} -f {x}-nobody"),
        step(Lines, "listUser -n {n} -c DefaultCluster -f {x}-nobody"),
        step(
            Lines,
            "createAcl -n {n} -b {b} -s User:{x} -r Topic:orders,Group:g1 -a Pub,Sub -i 192.168.0.0/16 -d Allow",
        ),
        step(Lines, "createAcl -n {n} -c DefaultCluster -s User:{x}-c -r Topic:* -a Sub -d Deny"),
        step(Lines, "createAcl -n {n} -b {b} -s {x} -r Topic:x -a Pub -d Allow"),
        step(Lines, "createAcl -n {n} -b {b} -s User:{x} -r Topic:x -a Nope -d Allow"),
        step(Lines, "createAcl -n {n} -b {b} -s User:{x} -r nonsense -a Pub -d Allow"),
        step(Lines, "createAcl -n {n} -b {b} -s User:{x}-nobody -r Topic:x -a Pub -d Allow"),
        step(Lines, "getAcl -n {n} -b {b} -s User:{x}"),
        step(Lines, "getAcl -n {n} -c DefaultCluster -s User:{x}-c"),
        step(Lines, "getAcl -n {n} -b {b} -s User:{x}-nobody"),
        step(Lines, "listAcl -n {n} -b {b} -s {x}"),
        step(Lines, "listAcl -n {n} -c DefaultCluster -s {x}"),
        step(Lines, "listAcl -n {n} -b {b} -s {x} -r orders"),
        step(Lines, "listAcl -n {n} -b {b} -s {x}-nobody"),
        step(Lines, "updateAcl -n {n} -b {b} -s User:{x} -r Topic:orders -a All -d Allow"),
        step(
            Lines,
            "updateAcl -n {n} -c DefaultCluster -s User:{x}-c -r Group:g2 -a Sub -i 10.0.0.1,10.0.0.2 -d Allow",
        ),
        step(Lines, "updateAcl -n {n} -b {b} -s User:{x}-nobody -r Topic:orders -a All -d Allow"),
        step(Lines, "listAcl -n {n} -b {b} -s {x}"),
        step(Lines, "copyUser -n {n} -f {b} -t {b} -u {x},{x}-c"),
        step(Lines, "copyUser -n {n} -f {b} -t {b} -u {x}-nobody").refused("nothing was copied"),
        step(Lines, "copyAcl -n {n} -f {b} -t {b} -s User:{x},User:{x}-c"),
        step(Lines, "copyAcl -n {n} -f {b} -t {b} -s User:{x}-nobody"),
        step(Lines, "deleteAcl -n {n} -b {b} -s User:{x} -r Topic:orders"),
        step(Lines, "deleteAcl -n {n} -b {b} -s User:{x} -r Topic:orders")
            .refused("there is no such rule any more"),
        step(Lines, "getAcl -n {n} -b {b} -s User:{x}"),
        step(Lines, "deleteAcl -n {n} -c DefaultCluster -s User:{x}-c"),
        step(Lines, "getAcl -n {n} -b {b} -s User:{x}-c"),
        step(Lines, "deleteAcl -n {n} -b {b} -s User:{x}-nobody"),
        step(Lines, "deleteUser -n {n} -b {b} -u {x}"),
        step(Lines, "deleteUser -n {n} -b {b} -u {x}").refused("there is no such user any more"),
        step(Lines, "deleteUser -n {n} -c DefaultCluster -u {x}-c"),
        step(Lines, "listAcl -n {n} -b {b} -s {x}"),
        // What every command needs works with keys, too.
        step(Lines, "topicStatus -n {n} -t TBW102"),
        step(Lines, "topicList -n {n}"),
    ],
};

/// Apache's broker names the class and the line at which it fails.
const NO_PLACE: &str = "where in Apache's source it fails is not part of the remark";

/// A broker that was not told about users.
pub const WITHOUT: Area = Area {
    cluster: Cluster::Plain,
    steps: &[
        step(Lines, "createUser -n {n} -b {b} -u {x}-user -p secret"),
        step(Lines, "updateUser -n {n} -b {b} -u {x}-user -p secret"),
        step(Lines, "deleteUser -n {n} -b {b} -u {x}-user"),
        step(Lines, "getUser -n {n} -b {b} -u {x}-user"),
        step(Lines, "listUser -n {n} -b {b}"),
        step(Lines, "createAcl -n {n} -b {b} -s User:{x} -r Topic:x -a Pub -d Allow"),
        step(Lines, "updateAcl -n {n} -b {b} -s User:{x} -r Topic:x -a Pub -d Allow"),
        step(Lines, "deleteAcl -n {n} -b {b} -s User:{x}"),
        step(Lines, "getAcl -n {n} -b {b} -s User:{x}"),
        step(Lines, "listAcl -n {n} -b {b}").servers_differ(NO_PLACE),
        step(Lines, "copyUser -n {n} -f {b} -t {b}"),
        step(Lines, "copyAcl -n {n} -f {b} -t {b}").servers_differ(NO_PLACE),
    ],
};
