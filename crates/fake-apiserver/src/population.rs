//! placeholder
use crate::config::ClusterPlan;
use crate::store::Store;
pub(crate) struct Model;
impl Model {
    pub(crate) async fn churn(self, _store: Store, _plan: ClusterPlan) {}
}
pub(crate) async fn fill(_store: &Store, _plan: Option<ClusterPlan>) -> Option<Model> {
    None
}
