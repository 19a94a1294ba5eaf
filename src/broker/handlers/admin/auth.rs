//! Users and permissions (Java: the `AUTH_*` requests of `AdminBrokerProcessor`).

use std::sync::Arc;

use super::{NOT_SET, aside};
use crate::broker::Broker;
use crate::broker::auth::Auth;
use crate::protocol::auth::{
    AuthCreateAcl, AuthCreateUser, AuthDeleteAcl, AuthDeleteUser, AuthGetAcl, AuthGetUser, AuthListAcl,
    AuthListUser, AuthUpdateAcl, AuthUpdateUser, SubjectHeader,
};
use crate::protocol::body::Json;
use crate::protocol::request::Request;
use crate::protocol::signature::ACCESS_KEY;
use crate::remoting::{In, Out, Reject, Router};

pub fn serve(router: Router<Broker>) -> Router<Broker> {
    router
        .later(create_user)
        .later(update_user)
        .later(delete_user)
        .sync(get_user)
        .sync(list_users)
        .later(create_acl)
        .later(update_acl)
        .later(delete_acl)
        .sync(get_acl)
        .sync(list_acls)
}

/// Changes something, which waits for the disk.
async fn change<R>(
    broker: Arc<Broker>,
    change: impl FnOnce(&Auth) -> Result<(), Reject> + Send + 'static,
) -> Result<Out<R>, Reject>
where
    R: Request<ReplyHeader = (), ReplyBody = ()>,
{
    aside(move || change(&broker.auth)).await??;
    Ok(Out::done().remark(NOT_SET))
}

async fn create_user(
    broker: Arc<Broker>,
    request: In<AuthCreateUser>,
) -> Result<Out<AuthCreateUser>, Reject> {
    change(broker, move |auth| {
        let name = request.header.username.unwrap_or_default();
        auth.create_user(&name, &request.body.0, request.ext.get(ACCESS_KEY))
    })
    .await
}

async fn update_user(
    broker: Arc<Broker>,
    request: In<AuthUpdateUser>,
) -> Result<Out<AuthUpdateUser>, Reject> {
    change(broker, move |auth| {
        let name = request.header.username.unwrap_or_default();
        auth.update_user(&name, &request.body.0, request.ext.get(ACCESS_KEY))
    })
    .await
}

async fn delete_user(
    broker: Arc<Broker>,
    request: In<AuthDeleteUser>,
) -> Result<Out<AuthDeleteUser>, Reject> {
    change(broker, move |auth| {
        let name = request.header.username.unwrap_or_default();
        auth.delete_user(&name, request.ext.get(ACCESS_KEY))
    })
    .await
}

fn get_user(broker: &Arc<Broker>, request: In<AuthGetUser>) -> Result<Out<AuthGetUser>, Reject> {
    let user = broker.auth.user(&request.header.username.unwrap_or_default())?;
    Ok(Out::body(user.map(Json)).remark(NOT_SET))
}

fn list_users(broker: &Arc<Broker>, request: In<AuthListUser>) -> Result<Out<AuthListUser>, Reject> {
    let users = broker.auth.users(request.header.filter.as_deref())?;
    Ok(Out::body((!users.is_empty()).then_some(Json(users))).remark(NOT_SET))
}

async fn create_acl(broker: Arc<Broker>, request: In<AuthCreateAcl>) -> Result<Out<AuthCreateAcl>, Reject> {
    let SubjectHeader { subject } = request.header;
    change(broker, move |auth| auth.put_acl(subject.as_deref(), &request.body.0)).await
}

/// The same as creating: Apache's broker makes no difference either.
async fn update_acl(broker: Arc<Broker>, request: In<AuthUpdateAcl>) -> Result<Out<AuthUpdateAcl>, Reject> {
    let SubjectHeader { subject } = request.header;
    change(broker, move |auth| auth.put_acl(subject.as_deref(), &request.body.0)).await
}

async fn delete_acl(broker: Arc<Broker>, request: In<AuthDeleteAcl>) -> Result<Out<AuthDeleteAcl>, Reject> {
    change(broker, move |auth| {
        let header = &request.header;
        auth.delete_acl(header.subject.as_deref(), header.policy_type.as_deref(), header.resource.as_deref())
    })
    .await
}

fn get_acl(broker: &Arc<Broker>, request: In<AuthGetAcl>) -> Result<Out<AuthGetAcl>, Reject> {
    let acl = broker.auth.acl(request.header.subject.as_deref())?;
    Ok(Out::body(acl.map(Json)).remark(NOT_SET))
}

fn list_acls(broker: &Arc<Broker>, request: In<AuthListAcl>) -> Result<Out<AuthListAcl>, Reject> {
    let header = &request.header;
    let acls = broker.auth.acls(header.subject_filter.as_deref(), header.resource_filter.as_deref())?;
    Ok(Out::body((!acls.is_empty()).then_some(Json(acls))).remark(NOT_SET))
}
