//! Adds counters to a module, which say how often each piece of its code was executed. So a request's instructions can be
//! told by function, exactly, and the code that it touches can be measured.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use walrus::ir::{
    BinaryOp, Binop, Block, Const, GlobalGet, GlobalSet, IfElse, Instr, InstrLocId, InstrSeqId, LocalGet,
    LocalSet, Loop, UnaryOp, Unop, Value,
};
use walrus::{
    ConstExpr, FunctionKind, GlobalId, LocalFunction, Module, ModuleExports, ModuleGlobals, ValType,
};

/// A piece of code that is executed from its beginning to its end, or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The name of its function, if it is one of promward's own.
    pub function: Option<String>,
    /// The instructions in it, counted as wasmtime's fuel counts them.
    pub instructions: u64,
    /// The length of its code, in bytes.
    pub bytes: u64,
}

/// Returns the name of the exported global that counts the executions of a piece.
#[must_use]
pub fn counter(piece: usize) -> String {
    format!("count:{piece}")
}

/// Returns the module with a counter for each piece of its code, and the pieces in the order of their counters.
///
/// # Errors
///
/// Returns an error if the bytes aren't a WebAssembly module.
pub fn with_counters(module: &[u8]) -> Result<(Vec<u8>, Vec<Piece>)> {
    let mut module = Module::from_buffer(module).context("the module can't be read")?;
    let mut pieces = Vec::new();
    for function in module.funcs.iter_mut() {
        let name = function.name.clone();
        let FunctionKind::Local(body) = &mut function.kind else { continue };
        let lengths = lengths(body);
        for sequence in sequences(body) {
            let instructions = std::mem::take(&mut body.block_mut(sequence).instrs);
            let mut counted = Vec::with_capacity(instructions.len());
            // Fuel counts one for the call of a function.
            let mut entry = u64::from(sequence == body.entry_block());
            let mut begins = true;
            for (instruction, location) in instructions {
                let mut add = |amount: Vec<Instr>, instructions| {
                    let counter = new_counter(&mut module.globals, &mut module.exports, pieces.len());
                    pieces.push(Piece { function: name.clone(), instructions, bytes: 0 });
                    increased(counter, amount)
                };
                if let Instr::MemoryCopy(_) | Instr::MemoryFill(_) = instruction {
                    // Fuel counts each byte.
                    let length = module.locals.add(ValType::I32);
                    let get = || Instr::from(LocalGet { local: length });
                    counted.push(unplaced(LocalSet { local: length }));
                    counted.extend(add(vec![get(), Unop { op: UnaryOp::I64ExtendUI32 }.into()], 1));
                    counted.push(unplaced(get()));
                    begins = true;
                }
                if std::mem::take(&mut begins) {
                    counted
                        .extend(add(vec![Const { value: Value::I64(1) }.into()], std::mem::take(&mut entry)));
                }
                if let Some(piece) = pieces.last_mut() {
                    piece.instructions += weight(&instruction);
                    piece.bytes += lengths.get(&location.data()).copied().unwrap_or_default();
                }
                begins = may_leave(&instruction);
                counted.push((instruction, location));
            }
            body.block_mut(sequence).instrs = counted;
        }
    }
    Ok((module.emit_wasm(), pieces))
}

/// Returns all sequences of instructions in a function.
fn sequences(function: &LocalFunction) -> Vec<InstrSeqId> {
    let mut found = vec![function.entry_block()];
    let mut next = 0;
    while let Some(sequence) = found.get(next).copied() {
        next += 1;
        for (instruction, _) in function.block(sequence).iter() {
            match instruction {
                Instr::Block(Block { seq }) | Instr::Loop(Loop { seq }) => found.push(*seq),
                Instr::IfElse(IfElse { consequent, alternative }) => {
                    found.extend([*consequent, *alternative])
                }
                _ => {}
            }
        }
    }
    found
}

/// Returns the length of each instruction by its place, which is the distance to the next one.
fn lengths(function: &LocalFunction) -> BTreeMap<u32, u64> {
    let sequences = sequences(function);
    let all = sequences.iter().flat_map(|sequence| function.block(*sequence).iter());
    let mut places: Vec<u32> =
        all.filter(|(_, location)| !location.is_default()).map(|(_, location)| location.data()).collect();
    places.sort_unstable();
    let after = places.iter().skip(1).copied().map(Some).chain([None]);
    places
        .iter()
        .zip(after)
        .map(|(place, after)| (*place, after.map_or(1, |after| u64::from(after - place))))
        .collect()
}

fn new_counter(globals: &mut ModuleGlobals, exports: &mut ModuleExports, piece: usize) -> GlobalId {
    let counter = globals.add_local(ValType::I64, true, false, ConstExpr::Value(Value::I64(0)));
    exports.add(&self::counter(piece), counter);
    counter
}

/// Returns code that adds an amount to a counter.
fn increased(counter: GlobalId, amount: Vec<Instr>) -> impl Iterator<Item = (Instr, InstrLocId)> {
    let get = Instr::from(GlobalGet { global: counter });
    let add = [Binop { op: BinaryOp::I64Add }.into(), GlobalSet { global: counter }.into()];
    [get].into_iter().chain(amount).chain(add).map(unplaced)
}

/// Returns an instruction that the module didn't have.
fn unplaced(instruction: impl Into<Instr>) -> (Instr, InstrLocId) {
    (instruction.into(), InstrLocId::default())
}

/// Returns what wasmtime's fuel counts for an instruction.
fn weight(instruction: &Instr) -> u64 {
    let is_free = matches!(
        instruction,
        Instr::Block(_) | Instr::Loop(_) | Instr::Drop(_) | Instr::Unreachable(_) | Instr::Return(_)
    );
    u64::from(!is_free)
}

/// Returns `true` if what follows an instruction isn't always executed after it.
fn may_leave(instruction: &Instr) -> bool {
    matches!(instruction, Instr::Block(_) | Instr::Loop(_) | Instr::IfElse(_) | Instr::BrIf(_))
}
