//! Which name servers are asked: option, environment, context, the one on this machine.

use super::world::World;
use crate::admin::NameServers;
use crate::config::connect::Origin;

/// One who may say which name servers are asked.
type Voice<'a> = &'a dyn Fn() -> Option<(Vec<String>, Origin)>;

/// The name servers as they are written. As `JAVA_OPT` holds system properties, which win over variables in Java, it
/// comes before `NAMESRV_ADDR` (Java: `NameServerAddressUtils.getNameServerAddresses`).
pub fn choose(options: &[String], world: &World) -> NameServers {
    let property = |key: &'static str| Some((vec![world.java.get(key)?.to_owned()], Origin::Java(key)));
    let variable = |name: &'static str| Some((vec![world.var(name)?], Origin::Environment(name)));
    let domain = || {
        let domain = world.java.get("rocketmq.namesrv.domain")?;
        let group = world.java.get("rocketmq.namesrv.domain.subgroup");
        Some((vec![address_server(domain, group)], Origin::Java("rocketmq.namesrv.domain")))
    };
    let variable_domain = || {
        let url = address_server(&world.var("ROCKETMQ_NAMESRV_DOMAIN")?, None);
        Some((vec![url], Origin::Environment("ROCKETMQ_NAMESRV_DOMAIN")))
    };
    let context = || {
        let (name, profile) = world.profile()?;
        Some((profile.name_servers.clone(), Origin::Context(name.to_owned())))
    };
    let all: [Voice; 6] = [
        &|| Some((options.to_vec(), Origin::Option("-n"))),
        &|| property("rocketmq.namesrv.addr"),
        &|| variable("NAMESRV_ADDR"),
        &domain,
        &variable_domain,
        &context,
    ];
    let found = all.iter().filter_map(|voice| voice()).map(|(list, origin)| NameServers::of(&list, origin));
    let found = found.into_iter().find(|servers| !servers.addrs.is_empty()).unwrap_or_default();
    warn_of_environment(&found, world);
    found
}

/// A context that was asked for by name does not win over the environment; who asked for it should know.
fn warn_of_environment(found: &NameServers, world: &World) {
    let Some(selected) = world.selected() else { return };
    let asked = matches!(selected.origin, Origin::Option(_)) && !selected.profile.name_servers.is_empty();
    if asked && matches!(found.source, Origin::Environment(_) | Origin::Java(_)) {
        world.warn(&format!("the name servers are {found}, not those of context {}", selected.name));
    }
}

/// The address server of a domain (Java: `MixAll.getWSAddr`): on port 8080 unless one is given.
fn address_server(domain: &str, group: Option<&str>) -> String {
    let port = if domain.contains(':') { "" } else { ":8080" };
    format!("http://{domain}{port}/rocketmq/{}", group.unwrap_or("nsaddr"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_has_its_address_server_where_java_looks_for_it() {
        let table = [
            ("mq.example.org", None, "http://mq.example.org:8080/rocketmq/nsaddr"),
            ("mq.example.org:80", None, "http://mq.example.org:80/rocketmq/nsaddr"),
            ("h", Some("nsaddr-blue"), "http://h:8080/rocketmq/nsaddr-blue"),
        ];
        for (domain, group, url) in table {
            assert_eq!(address_server(domain, group), url);
        }
    }
}
