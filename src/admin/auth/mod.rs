//! Commands about users and what they may do.

mod access;
mod copied;
pub mod copy_acl;
pub mod copy_user;
pub mod create_acl;
pub mod create_user;
pub mod delete_acl;
pub mod delete_user;
pub mod get_acl;
pub mod get_user;
pub mod list_acl;
pub mod list_user;
mod password;
mod rules;
pub mod update_acl;
pub mod update_user;
mod users;
mod written;

crate::admin::commands! {
    /// Commands about users and what they may do.
    pub enum AuthCommand in "Users and access" {
        CreateUser = create_user as "createUser",
        UpdateUser = update_user as "updateUser",
        DeleteUser = delete_user as "deleteUser",
        GetUser = get_user as "getUser",
        ListUser = list_user as "listUser",
        CopyUser = copy_user as "copyUser",
        CreateAcl = create_acl as "createAcl",
        UpdateAcl = update_acl as "updateAcl",
        DeleteAcl = delete_acl as "deleteAcl",
        GetAcl = get_acl as "getAcl",
        ListAcl = list_acl as "listAcl",
        CopyAcl = copy_acl as "copyAcl",
    }
}

use crate::admin::CommandError;
use crate::protocol::code;

/// Says what a broker without users lacks: it only answers that an error occurred.
fn hinted(error: CommandError) -> CommandError {
    if error.code != Some(code::SYSTEM_ERROR) {
        return error;
    }
    error.hint(
        "users and access rules need a broker with authenticationMetadataProvider and \
         authorizationMetadataProvider set",
    )
}
