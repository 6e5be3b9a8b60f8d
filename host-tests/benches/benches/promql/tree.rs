//! Finds the selectors in a tree of `promql-parser`.

use promql_parser::parser::{Expr, VectorSelector};

/// Returns all selectors, those in parameters and subqueries too.
pub(crate) fn selectors(tree: &mut Expr) -> Vec<&mut VectorSelector> {
    let (mut selectors, mut waiting) = (Vec::new(), vec![tree]);
    while let Some(expression) = waiting.pop() {
        match expression {
            Expr::VectorSelector(selector) => selectors.push(selector),
            Expr::MatrixSelector(range) => selectors.push(&mut range.vs),
            Expr::Aggregate(aggregation) => {
                waiting.push(&mut aggregation.expr);
                waiting.extend(aggregation.param.as_deref_mut());
            }
            Expr::Binary(binary) => waiting.extend([binary.lhs.as_mut(), binary.rhs.as_mut()]),
            Expr::Unary(unary) => waiting.push(&mut unary.expr),
            Expr::Paren(inner) => waiting.push(&mut inner.expr),
            Expr::Subquery(subquery) => waiting.push(&mut subquery.expr),
            Expr::Call(call) => waiting.extend(call.args.args.iter_mut().map(Box::as_mut)),
            Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
        }
    }
    selectors
}
