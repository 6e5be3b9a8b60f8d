//! Writes a module in fewer bytes. Its functions are numbered by how often they are called, beginning with the most called
//! ones, since a call takes a byte less if the number is below 128. Calls of functions that do nothing are left out, as the
//! standard library makes one before each allocation, and so are zeros in data, since memory is zero at the start.

use anyhow::{Context, Result};
use std::cmp::Reverse;
use std::collections::HashSet;
use std::convert::Infallible;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{CodeSection, ConstExpr, DataSection, FunctionSection, Module, NameMap, NameSection};
use wasmparser::{
    CodeSectionReader, CustomSectionReader, DataKind, DataSectionReader, FuncType, FunctionBody,
    FunctionSectionReader, KnownCustom, Name, Operator, Parser, Payload, TypeRef,
};

/// The fewest zeros that are left out of data. What comes after them has to say where it is, in at most 9 bytes.
const FEWEST_ZEROS: usize = 12;

/// Returns the same module in fewer bytes.
///
/// # Errors
///
/// Returns an error if the bytes aren't a WebAssembly module.
pub(crate) fn compact(module: &[u8]) -> Result<Vec<u8>> {
    let mut numbering = Numbering::of(module).context("the calls of the module can't be counted")?;
    let mut compact = Module::new();
    numbering.parse_core_module(&mut compact, Parser::new(0), module).context("the module can't be read")?;
    Ok(compact.finish())
}

/// Returns the same module without the names of its functions. All of its code is where it was.
///
/// # Errors
///
/// Returns an error if the bytes aren't a WebAssembly module.
pub(crate) fn without_names(module: &[u8]) -> Result<Vec<u8>> {
    let mut nameless = Module::new();
    Nameless.parse_core_module(&mut nameless, Parser::new(0), module).context("the module can't be read")?;
    Ok(nameless.finish())
}

/// Writes a module without names.
struct Nameless;

impl Reencode for Nameless {
    type Error = Infallible;

    fn parse_custom_section(
        &mut self,
        module: &mut Module,
        section: CustomSectionReader<'_>,
    ) -> Result<(), Error> {
        match section.as_known() {
            KnownCustom::Name(_) => Ok(()),
            _ => utils::parse_custom_section(self, module, section),
        }
    }
}

/// The numbers that a module's functions get, and those that needn't be called.
struct Numbering {
    /// The old numbers of the module's own functions in their new order.
    order: Vec<usize>,
    /// The new number of each function. Those that are imported keep theirs.
    numbers: Vec<u32>,
    /// The number of functions that are imported.
    imported: usize,
    /// The functions that take nothing, return nothing and do nothing.
    idle: HashSet<u32>,
}

impl Numbering {
    fn of(module: &[u8]) -> Result<Self> {
        let (mut types, mut functions, mut bodies, mut imported) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::TypeSection(section) => {
                    types = section.into_iter_err_on_gc_types().collect::<Result<_, _>>()?;
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::FunctionSection(section) => {
                    functions = section.into_iter().collect::<Result<Vec<_>, _>>()?;
                }
                Payload::CodeSectionEntry(body) => bodies.push(body),
                _ => {}
            }
        }
        let mut calls = vec![0_u32; imported + functions.len()];
        let mut idle = HashSet::new();
        for (number, (of_type, body)) in functions.into_iter().zip(bodies).enumerate() {
            let operators = body.get_operators_reader()?.into_iter().collect::<Result<Vec<_>, _>>()?;
            if types[usize::try_from(of_type)?] == FuncType::new([], [])
                && operators.iter().all(|operator| matches!(operator, Operator::Return | Operator::End))
            {
                idle.insert(u32::try_from(imported + number)?);
            }
            for operator in operators {
                if let Operator::Call { function_index } = operator {
                    calls[usize::try_from(function_index)?] += 1;
                }
            }
        }
        let mut order: Vec<usize> = (imported..calls.len()).collect();
        order.sort_by_key(|&function| Reverse(calls[function]));
        let mut numbers = vec![0; calls.len()];
        for (number, function) in (0..imported).chain(order.iter().copied()).enumerate() {
            numbers[function] = u32::try_from(number)?;
        }
        Ok(Self { order, numbers, imported, idle })
    }

    /// Returns the module's own functions, or something of each, in their new order.
    fn in_order<T>(&self, own: Vec<T>) -> impl Iterator<Item = T> {
        let mut own: Vec<_> = own.into_iter().map(Some).collect();
        self.order.iter().filter_map(move |function| own[function - self.imported].take())
    }
}

impl Reencode for Numbering {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error> {
        Ok(self.numbers[function as usize])
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error> {
        let types = section.into_iter().collect::<Result<_, _>>()?;
        self.in_order(types).for_each(|of_type| {
            functions.function(of_type);
        });
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error> {
        let bodies: Vec<_> = section.into_iter().collect::<Result<_, _>>()?;
        let bodies: Vec<_> = self.in_order(bodies).collect();
        bodies.into_iter().try_for_each(|body| self.parse_function_body(code, body))
    }

    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Result<(), Error> {
        let mut function = self.new_function_with_parsed_locals(&body)?;
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let is_idle = match operators.clone().read()? {
                Operator::Call { function_index } => self.idle.contains(&function_index),
                _ => false,
            };
            let instruction = self.parse_instruction(&mut operators)?;
            if !is_idle {
                function.instruction(&instruction);
            }
        }
        code.function(&function);
        Ok(())
    }

    fn parse_data_section(
        &mut self,
        data: &mut DataSection,
        section: DataSectionReader<'_>,
    ) -> Result<(), Error> {
        for segment in section {
            let segment = segment?;
            match address(&segment.kind) {
                Some(address) => {
                    for (start, piece) in without_zeros(segment.data) {
                        let at = ConstExpr::i32_const(address.wrapping_add_unsigned(start as u32));
                        data.active(0, &at, piece.iter().copied());
                    }
                }
                None => utils::parse_data(self, data, segment)?,
            }
        }
        Ok(())
    }

    fn parse_custom_name_subsection(
        &mut self,
        names: &mut NameSection,
        section: Name<'_>,
    ) -> Result<(), Error> {
        let Name::Function(functions) = section else {
            return utils::parse_custom_name_subsection(self, names, section);
        };
        let mut named = Vec::new();
        for function in functions {
            let function = function?;
            named.push((self.numbers[function.index as usize], function.name));
        }
        named.sort_unstable();
        let mut map = NameMap::new();
        named.into_iter().for_each(|(number, name)| map.append(number, name));
        names.functions(&map);
        Ok(())
    }
}

/// Returns the address of data that is in memory from the start, if it is given as a number.
fn address(kind: &DataKind<'_>) -> Option<i32> {
    let DataKind::Active { memory_index: 0, offset_expr } = kind else { return None };
    match offset_expr.get_operators_reader().read() {
        Ok(Operator::I32Const { value }) => Some(value),
        _ => None,
    }
}

/// Returns the pieces of data between long runs of zeros, with their places.
fn without_zeros(data: &[u8]) -> Vec<(usize, &[u8])> {
    let mut pieces = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < data.len() {
        let zeros = data[at..].iter().take_while(|&&byte| byte == 0).count();
        if zeros >= FEWEST_ZEROS || at + zeros == data.len() {
            pieces.push((start, &data[start..at]));
            start = at + zeros;
        }
        at += zeros.max(1);
    }
    pieces.push((start, &data[start..]));
    pieces.retain(|(_, piece)| !piece.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::{compact, without_names, without_zeros};
    use walrus::ir::{BinaryOp, Instr};
    use walrus::{FunctionBuilder, InstrSeqBuilder, Module, ValType};
    use wasmparser::{Parser, Payload};

    /// Returns a module of four functions with names. The export `answer` returns 42 by calling the others.
    fn module() -> Vec<u8> {
        let mut module = Module::default();
        let mut function = |name: &str, results: &[ValType], write: &dyn Fn(&mut InstrSeqBuilder<'_>)| {
            let mut function = FunctionBuilder::new(&mut module.types, &[], results);
            write(&mut function.name(name.to_owned()).func_body());
            function.finish(Vec::new(), &mut module.funcs)
        };
        let number = [ValType::I32];
        let idle = function("idle", &[], &|body| {
            body.return_();
        });
        let once = function("once", &number, &|body| {
            body.i32_const(2);
        });
        let twice = function("twice", &number, &|body| {
            body.i32_const(20);
        });
        let answer = function("answer", &number, &|body| {
            for called in [idle, once, twice, twice] {
                body.call(called);
            }
            body.binop(BinaryOp::I32Add).binop(BinaryOp::I32Add);
        });
        module.exports.add("answer", answer);
        module.emit_wasm()
    }

    #[test]
    fn without_names_the_code_is_the_same() {
        let named = compact(&module()).unwrap();
        let nameless = without_names(&named).unwrap();
        let code = |bytes: &[u8]| {
            let sections = Parser::new(0).parse_all(bytes).map(Result::unwrap);
            let code: Vec<_> = sections
                .filter_map(|payload| match payload {
                    Payload::CodeSectionEntry(body) => Some(body.range()),
                    _ => None,
                })
                .map(|range| (range.start, bytes[range].to_vec()))
                .collect();
            code
        };
        assert_eq!(code(&named), code(&nameless));
        let shows = |bytes: &[u8]| bytes.windows(5).any(|window| window == b"twice");
        assert!(shows(&named) && !shows(&nameless));
    }

    #[test]
    fn the_most_called_function_comes_first_and_names_and_calls_follow() {
        let module = Module::from_buffer(&compact(&module()).unwrap()).unwrap();
        let names: Vec<_> = module.funcs.iter().map(|function| function.name.as_deref().unwrap()).collect();
        assert_eq!(names, ["twice", "idle", "once", "answer"]);
        let answer = module.funcs.get(module.exports.get_func("answer").unwrap());
        assert_eq!(answer.name.as_deref(), Some("answer"));
        let body = answer.kind.unwrap_local();
        let called = body.block(body.entry_block()).iter().filter_map(|(instruction, _)| match instruction {
            Instr::Call(call) => module.funcs.get(call.func).name.as_deref(),
            _ => None,
        });
        assert_eq!(called.collect::<Vec<_>>(), ["once", "twice", "twice"]);
    }

    #[test]
    fn long_runs_of_zeros_are_left_out_of_data_and_short_ones_stay() {
        let data = [&[0; 20][..], b"a\0b", &[0; 12], b"c", &[0; 11], b"d", &[0; 3]].concat();
        let pieces = without_zeros(&data);
        assert_eq!(pieces, [(20, &b"a\0b"[..]), (35, b"c\0\0\0\0\0\0\0\0\0\0\0d")]);
        for (data, expected) in [(&b""[..], &[][..]), (&[0; 40], &[]), (b"abc", &[(0, &b"abc"[..])])] {
            assert_eq!(without_zeros(data), expected);
        }
    }
}
