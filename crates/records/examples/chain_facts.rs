fn main(){
 let b: bitcoin::Block = bitcoin::consensus::deserialize(&bitcoin_test_data::blocks::mainnet_702861()).unwrap();
 let _=b;
}
